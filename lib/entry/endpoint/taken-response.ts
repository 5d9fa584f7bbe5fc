import type { ServerResponse } from 'node:http';
import { describeError, toReadable } from '../../errors/reason.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { createErrorBody } from '../../mcp/protocol/error-body.js';
import { toInternalError } from '../../mcp/protocol/interruption-error.js';
import type { RequestTrace } from '../../observability/request-trace.js';
import { Ending } from '../../time/ending.js';
import type { PlatformResponse } from './node-request.js';
import { ignoreAnswers, ignoreLateHeaders } from './ignored-answers.js';
import { keepHeaders } from './preflight.js';

const logger = new CleanLogger('McpEndpoint');

/** What the endpoint answers, past Nest. */
export interface AnsweredRequest {
  readonly body?: unknown;
  readonly trace: RequestTrace;
}

/** An answer that interceptors of the application cannot replace. */
export interface Interruptible {
  /** Takes what was thrown around the handler of the request. */
  interrupt(thrown: unknown): void;
}

/**
 * A response that the endpoint answers itself. From here on nobody else can: what interceptors, filters and Nest write is
 * dropped, and what they throw becomes the result of the call.
 */
export class TakenResponse implements Interruptible {
  readonly #raw: ServerResponse;
  /** Comes with what an interceptor threw while the call runs. */
  readonly interruption = new Ending();

  constructor(
    private readonly request: AnsweredRequest,
    response: PlatformResponse,
  ) {
    this.#raw = response.raw ?? response;
    if (response.hijack) {
      keepHeaders(response);
      response.hijack();
    }
    ignoreAnswers(response);
    ignoreLateHeaders(this.#raw);
  }

  /** Waits for the answer. Never throws: what fails here is answered, as long as nothing is sent. */
  async answer(serve: () => Promise<void>): Promise<void> {
    try {
      await serve();
    } catch (thrown) {
      this.#fail(toReadable(thrown));
    }
  }

  /** Takes what was thrown around the endpoint. It becomes the result of the call, if that is not over. */
  interrupt(thrown: unknown): void {
    const error = toReadable(thrown);
    const { correlationId } = this.request.trace;
    if (this.#raw.writableEnded || this.#raw.destroyed) {
      logger.warn(
        `An interceptor of the application failed [${correlationId}] after the answer: ${describeError(error)}`,
      );
      return;
    }
    logger.warn(
      `An interceptor of the application ended a request [${correlationId}] before its answer: ${describeError(error)}`,
    );
    this.interruption.end(error);
  }

  #fail(error: unknown): void {
    const { body, trace } = this.request;
    logger.error(`A request failed [${trace.correlationId}]`, error);
    if (this.#raw.headersSent) {
      trace.fail('internal_error');
      // Half an answer must not look like a whole one.
      this.#raw.destroy();
      return;
    }
    const { code, message } = toInternalError(trace.correlationId);
    this.#raw
      .writeHead(500, { 'Content-Type': 'application/json' })
      .end(JSON.stringify(createErrorBody(body, code, message)));
  }
}
