import {
  metrics,
  type Attributes,
  type Counter,
  type Gauge,
  type Histogram,
  type Meter,
  type UpDownCounter,
} from '@opentelemetry/api';

/** Name of the package in telemetry. */
export const INSTRUMENTATION = 'nestjs-mcp-auth';

/** OpenTelemetry semantic conventions for MCP, in seconds. */
const DURATION_BUCKETS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

interface Instruments {
  readonly duration: Histogram;
  readonly tokensRejected: Counter;
  readonly tokenLookups: Counter;
  readonly operationsDenied: Counter;
  readonly requestsLimited: Counter;
  readonly introspectionsRefused: Counter;
  readonly tokenExchanges: Counter;
  readonly staleKeys: Counter;
  readonly staleAnswers: Counter;
  readonly oldTokens: Counter;
  readonly limitsReached: Counter;
  readonly held: UpDownCounter;
  readonly heldBytes: UpDownCounter;
  readonly outgoingRefused: Counter;
  readonly outgoingRunning: UpDownCounter;
  readonly outgoingLimit: Gauge;
}

const made = new WeakMap<Meter, Instruments>();

/** The instruments of the current meter provider. An SDK may be registered after this package is loaded. */
function getInstruments(): Instruments {
  const meter = metrics.getMeter(INSTRUMENTATION);
  let known = made.get(meter);
  if (!known) {
    known = {
      duration: meter.createHistogram('mcp.server.operation.duration', {
        unit: 's',
        description: 'Duration of an MCP request as the server sees it',
        advice: { explicitBucketBoundaries: DURATION_BUCKETS },
      }),
      tokensRejected: meter.createCounter('nestjs_mcp_auth.tokens.rejected', {
        description: 'Requests whose token was refused',
      }),
      tokenLookups: meter.createCounter('nestjs_mcp_auth.verified_tokens.lookups', {
        description: 'Tokens that were looked for among those that are verified already',
      }),
      operationsDenied: meter.createCounter('nestjs_mcp_auth.operations.denied', {
        description: 'Operations that a caller was denied',
      }),
      introspectionsRefused: meter.createCounter('nestjs_mcp_auth.introspections.refused', {
        description: 'Tokens that were not introspected, because too many waited',
      }),
      requestsLimited: meter.createCounter('nestjs_mcp_auth.requests.limited', {
        description: 'Requests of callers who have asked too often',
      }),
      tokenExchanges: meter.createCounter('nestjs_mcp_auth.token_exchanges', {
        description: 'Tokens exchanged for downstreams, or not',
      }),
      staleKeys: meter.createCounter('nestjs_mcp_auth.stale_keys.uses', {
        description: 'Tokens verified with keys that should have been fetched anew',
      }),
      staleAnswers: meter.createCounter('nestjs_mcp_auth.stale_answers.uses', {
        description: 'Tokens accepted by an answer of introspection that should have been asked for anew',
      }),
      oldTokens: meter.createCounter('nestjs_mcp_auth.old_tokens.uses', {
        description: 'Tokens that were used again because no new ones could be had, or their store was down',
      }),
      limitsReached: meter.createCounter('nestjs_mcp_auth.limits.reached', {
        description: 'Times that a caller, or all callers together, held too much',
      }),
      held: meter.createUpDownCounter('nestjs_mcp_auth.held', {
        description: 'What is held for callers',
      }),
      heldBytes: meter.createUpDownCounter('nestjs_mcp_auth.held.bytes', {
        unit: 'By',
        description: 'Memory of what is held for callers, estimated',
      }),
      outgoingRefused: meter.createCounter('nestjs_mcp_auth.outgoing.refused', {
        description: 'Requests that were not sent, because too many run and wait, or nothing is answered',
      }),
      outgoingRunning: meter.createUpDownCounter('nestjs_mcp_auth.outgoing.running', {
        description: 'Requests to a service that run',
      }),
      outgoingLimit: meter.createGauge('nestjs_mcp_auth.outgoing.limit', {
        description: 'Requests to a service that may run at once now',
      }),
    };
    made.set(meter, known);
  }
  return known;
}

/** @param seconds - from the request to the end of its answer */
export function recordDuration(seconds: number, attributes: Attributes): void {
  getInstruments().duration.record(seconds, attributes);
}

/** @param status - HTTP status of the answer */
export function countRejected(status: number): void {
  getInstruments().tokensRejected.add(1, { 'http.response.status_code': status });
}

/** @param result - whether a token was verified before */
export function countLookup(result: 'hit' | 'miss'): void {
  getInstruments().tokenLookups.add(1, { result });
}

/** @param reason - one of a fixed set */
export function countDenied(reason: string): void {
  getInstruments().operationsDenied.add(1, { reason });
}

/** @param issuer - as configured */
export function countStaleKeys(issuer: string): void {
  getInstruments().staleKeys.add(1, { issuer });
}

/** @param issuer - as configured */
export function countStaleAnswer(issuer: string): void {
  getInstruments().staleAnswers.add(1, { issuer });
}

/** @param downstream - its name, if it is known */
export function countOldToken(downstream: string | undefined): void {
  getInstruments().oldTokens.add(1, downstream === undefined ? {} : { downstream });
}

/** @param issuer - as configured */
export function countIntrospectionRefused(issuer: string): void {
  getInstruments().introspectionsRefused.add(1, { issuer });
}

/** @param throttler - name of the throttler */
export function countLimited(throttler: string): void {
  getInstruments().requestsLimited.add(1, { throttler });
}

/** @param outcome - `exchanged`, or the code of the error */
export function countExchange(downstream: string, outcome: string): void {
  getInstruments().tokenExchanges.add(1, { downstream, outcome });
}

/**
 * @param quantity - one of a fixed set
 * @param limit - that of one caller, or that of all callers together
 */
export function countLimit(quantity: string, limit: 'caller' | 'server', effect: 'refused' | 'displaced'): void {
  getInstruments().limitsReached.add(1, { quantity, limit, effect });
}

/** @param quantity - one of a fixed set. The numbers are negative for what is released */
export function recordHeld(quantity: string, count: number, bytes: number): void {
  const { held, heldBytes } = getInstruments();
  held.add(count, { quantity });
  heldBytes.add(bytes, { quantity });
}

/** A service that is asked. */
export interface ServiceName extends Attributes {
  /** Name of a downstream, or an issuer as configured. */
  readonly service: string;
  /** What of an issuer is asked. */
  readonly endpoint?: 'token' | 'introspection' | 'metadata' | 'keys';
}

/** Counts a request that was not sent. */
export function countRefused(service: ServiceName): void {
  getInstruments().outgoingRefused.add(1, service);
}

/**
 * @param change - requests that began, negative for those that are over
 * @param limit - how many may run at once now
 */
export function recordConcurrency(service: ServiceName, change: number, limit: number): void {
  const { outgoingRunning, outgoingLimit } = getInstruments();
  outgoingRunning.add(change, service);
  outgoingLimit.record(limit, service);
}
