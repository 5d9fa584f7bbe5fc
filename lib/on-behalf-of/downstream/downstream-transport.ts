import type { Readable } from 'node:stream';
import { BrokenCircuitError, handleWhen } from 'cockatiel';
import { Agent, type Dispatcher } from 'undici';
import { AdaptiveBulkhead, type Outcome } from '../../limits/adaptive-bulkhead.js';
import { BulkheadFullError } from '../../limits/fair-bulkhead.js';
import { tellSilence } from '../../limits/service-limits.js';
import { CleanLogger } from '../../log/clean-logger.js';
import type { Caller } from '../../resource-server/access/caller.js';
import type { ResolvedDownstream } from '../options/resolved-downstream.js';
import type { Cancellation } from './cancellation.js';
import { deriveKey } from '../../replicas/composite-key.js';
import { CallerCircuits } from './caller-circuits.js';
import { decode } from './content-encoding.js';
import { NO_BODY, type WireAnswer } from './downstream-answer.js';
import { TemporaryFailureError } from '../../errors/downstream-error.js';
import type { RequestBody } from './request-body.js';
import { createTemporaryFailure } from '../failures/temporary-failure.js';
import type { ToolCall } from './tool-call.js';

const logger = new CleanLogger('Downstream');

/** A request as it goes over the wire. */
export interface WireRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body: RequestBody;
}

/** The connections to one downstream, their limits, and its circuit breakers. */
export class DownstreamTransport {
  readonly #dispatcher: Dispatcher;
  readonly #circuits: CallerCircuits | undefined;
  readonly #bulkhead: AdaptiveBulkhead;

  constructor(private readonly target: Pick<ResolvedDownstream, 'name' | 'http'>) {
    const { dispatcher, maxConcurrent, maxQueued, maxWaitMs, adaptConcurrency, circuitBreaker, timeoutMs } =
      target.http;
    // As many late requests may run besides.
    const connections = adaptConcurrency ? 2 * maxConcurrent : maxConcurrent;
    this.#dispatcher = dispatcher ?? new Agent({ connections });
    const service = { service: target.name };
    this.#bulkhead = new AdaptiveBulkhead(
      service,
      { maxConcurrent, maxQueued, maxWaitMs, isAdaptive: adaptConcurrency, longestPatienceMs: 0.9 * timeoutMs },
      tellSilence(service),
    );
    this.#circuits =
      circuitBreaker &&
      new CallerCircuits(
        handleWhen(isFailure).orWhenResult((answer) => isFailedAnswer(answer as WireAnswer)),
        circuitBreaker,
        (state, who) => {
          const whose = who === 'one' ? ', of one caller' : '';
          if (state === 'closed') {
            if (who === 'all') this.#bulkhead.restart();
            logger.log(`${target.name} answers again${whose}`);
          } else logger.warn(`${target.name} fails so often that it gets no calls for a while${whose}`);
        },
      );
  }

  /**
   * Sends a request once.
   *
   * @throws {@link TemporaryFailureError} without an answer, or if the breaker is open; the reason of a cancellation
   */
  async send(
    request: WireRequest,
    cancellation: Cancellation,
    { caller, tool }: Pick<ToolCall, 'caller' | 'tool'>,
  ): Promise<WireAnswer> {
    const party = identifyParty(caller);
    const circuits = this.#circuits;
    const attempt = () => this.#attempt(request, cancellation);
    try {
      circuits?.throwIfOpen(party);
      return await this.#bulkhead.execute(
        { party, kind: tool },
        circuits ? () => circuits.execute(party, attempt, hasFailed) : attempt,
        isAnswer,
      );
    } catch (error) {
      if (error instanceof BrokenCircuitError)
        throw this.#createOverloadedError('it failed so often that it gets no calls for a while');
      if (error instanceof BulkheadFullError)
        throw this.#createOverloadedError('too many requests run or wait, or it answers nothing at the moment');
      throw error;
    }
  }

  async close(): Promise<void> {
    if (!this.target.http.dispatcher) await this.#dispatcher.destroy();
  }

  async #attempt(request: WireRequest, cancellation: Cancellation): Promise<WireAnswer> {
    const { name, http } = this.target;
    cancellation.throwIfAborted();
    return await cancellation.limit(this.#answerTo(request, cancellation), http.timeoutMs, () =>
      createTemporaryFailure('downstream_timeout', `${name} did not answer within ${http.timeoutMs} ms`, this.target),
    );
  }

  async #answerTo({ method, url, headers, body }: WireRequest, cancellation: Cancellation): Promise<WireAnswer> {
    const { name, http } = this.target;
    try {
      const answer = await this.#dispatcher.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: method,
        headers,
        body: body.content as Readable | string | Uint8Array | null,
        signal: cancellation,
        // The time until the answer begins is limited above.
        headersTimeout: 0,
        bodyTimeout: Math.ceil(http.timeoutMs),
      });
      // An unhandled error after the last read would end the process.
      answer.body.on('error', () => undefined);
      const { statusCode: status, body: rawBody } = answer;
      const hasBody = method !== 'HEAD' && !NO_BODY.includes(status);
      const { headers: told, body: content } = hasBody
        ? decode(answer.headers, rawBody)
        : { headers: answer.headers, body: rawBody };
      if (content !== rawBody) content.on('error', () => undefined);
      return { status, headers: told, body: content, rawBody };
    } catch (cause) {
      cancellation.throwIfAborted();
      throw createTemporaryFailure('downstream_unreachable', `${name} cannot be reached`, this.target, { cause });
    }
  }

  #createOverloadedError(why: string): TemporaryFailureError {
    return createTemporaryFailure('downstream_overloaded', `${this.target.name} was not asked: ${why}`, this.target);
  }
}

/** Keys of callers. The same caller is there for each call with a token that is remembered. */
const parties = new WeakMap<Caller, string>();

/** All clients of a user are one caller: a user can have many. So are all callers without a token. */
function identifyParty(caller: Caller | undefined): string {
  if (!caller) return deriveKey('downstream-caller', undefined, undefined);
  let party = parties.get(caller);
  if (party === undefined) {
    party = deriveKey('downstream-caller', caller.issuer, caller.subject);
    parties.set(caller, party);
  }
  return party;
}

/** A failure is no answer: it may be quick because nobody is there who could be slow. */
function isAnswer(outcome: Outcome<WireAnswer>): boolean {
  return 'result' in outcome && !isFailedAnswer(outcome.result);
}

function hasFailed(outcome: Outcome<WireAnswer>): boolean {
  return 'result' in outcome ? isFailedAnswer(outcome.result) : isFailure(outcome.error);
}

function isFailedAnswer({ status }: WireAnswer): boolean {
  return status >= 500;
}

function isFailure(error: unknown): boolean {
  return (
    error instanceof TemporaryFailureError &&
    (error.code === 'downstream_unreachable' || error.code === 'downstream_timeout')
  );
}
