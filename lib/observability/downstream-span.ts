import {
  context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
} from '@opentelemetry/api';
import { readCode } from './exchange-span.js';
import { INSTRUMENTATION } from './metrics.js';

/** OpenTelemetry's own instrumentations check this key. They then add no second span and no second `traceparent`. */
const SUPPRESS_TRACING = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** The request that a span describes. Paths and queries may name people, so the span leaves them out. */
export interface TracedRequest {
  /** Name of the downstream. */
  readonly downstream: string;
  readonly method: string;
  readonly url: URL;
  /** Gets `traceparent` (W3C Trace Context), if there is a trace. */
  readonly headers: Headers;
}

/** Puts a span around one attempt at a downstream (OpenTelemetry semantic conventions, HTTP client). */
export async function traceDownstream<Answer extends { readonly status: number }>(
  { downstream, method, url, headers }: TracedRequest,
  send: () => Promise<Answer>,
): Promise<Answer> {
  const attributes = {
    'nestjs_mcp_auth.downstream': downstream,
    'http.request.method': method,
    'server.address': url.hostname,
    ...(url.port !== '' && { 'server.port': Number(url.port) }),
  };
  const span = trace.getTracer(INSTRUMENTATION).startSpan(method, { kind: SpanKind.CLIENT, attributes });
  const traced = trace.setSpan(context.active(), span);
  propagation.inject(selectTravelling(traced), headers, { set: setHeader });
  try {
    const answer = await context.with(traced.setValue(SUPPRESS_TRACING, true), send);
    span.setAttribute('http.response.status_code', answer.status);
    if (answer.status >= 400) {
      span.setAttribute('error.type', String(answer.status));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    return answer;
  } catch (error) {
    span.setAttribute('error.type', readCode(error));
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

/** The span, and the baggage of the application. What else the context holds may be of the incoming request. */
function selectTravelling(traced: Context): Context {
  const baggage = propagation.getBaggage(traced);
  const span = trace.getSpan(traced);
  const alone = span ? trace.setSpan(ROOT_CONTEXT, span) : ROOT_CONTEXT;
  return baggage ? propagation.setBaggage(alone, baggage) : alone;
}

function setHeader(headers: Headers, name: string, value: string): void {
  headers.set(name, value);
}
