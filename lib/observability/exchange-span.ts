import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { toReadable } from '../errors/reason.js';
import { countExchange, INSTRUMENTATION } from './metrics.js';

/**
 * Puts a span around a token exchange, and counts it. Only the code of an error is recorded: messages may quote
 * answers.
 *
 * @param downstream - name of the downstream that the token is for
 */
export async function traceExchange<Result>(downstream: string, exchange: () => Promise<Result>): Promise<Result> {
  const attributes = { 'nestjs_mcp_auth.downstream': downstream };
  const options = { kind: SpanKind.CLIENT, attributes };
  return await trace.getTracer(INSTRUMENTATION).startActiveSpan('token_exchange', options, async (span) => {
    try {
      const result = await exchange();
      countExchange(downstream, 'exchanged');
      return result;
    } catch (error) {
      const code = readCode(error);
      span.setAttribute('error.type', code);
      span.setStatus({ code: SpanStatusCode.ERROR });
      countExchange(downstream, code);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** The code of an error. Messages are not recorded, because they may quote answers. */
export function readCode(thrown: unknown): string {
  const error = toReadable(thrown);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '_OTHER';
}
