import type { ServerResponse } from 'node:http';
import { describeError, toReadable } from '../../errors/reason.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { createErrorBody } from '../../mcp/protocol/error-body.js';
import { toInternalError } from '../../mcp/protocol/interruption-error.js';
import type { RequestTrace } from '../../observability/request-trace.js';
import type { PlatformResponse } from './node-request.js';
import { keepHeaders } from './preflight.js';

const logger = new CleanLogger('McpEndpoint');

/**
 * Methods with which applications and Nest answer a request: those of Express and of Fastify, on their own objects. The
 * endpoint uses those of Node.
 */
const ANSWERING = 'code download json jsonp redirect render send sendFile sendStatus status view'.split(' ');

/** Methods of Node that throw once the headers are sent. Interceptors that measure time call them at the end. */
const HEADER_SETTING = ['appendHeader', 'removeHeader', 'setHeader', 'setHeaders'] as const;

/** What the endpoint answers, past Nest. */
export interface AnsweredRequest {
  readonly body?: unknown;
  readonly trace: RequestTrace;
}

/**
 * A response that the endpoint answers itself. From here on nobody else can: what interceptors, filters and Nest write is
 * dropped, and what they throw becomes the result of the call.
 */
export class TakenResponse {
  readonly #raw: ServerResponse;
  readonly #interruption = new AbortController();

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

  /** Aborted with what an interceptor threw while the call runs. */
  get interruption(): AbortSignal {
    return this.#interruption.signal;
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
    this.#interruption.abort(error);
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

/** Nest answers after the handler has returned, and filters and interceptors may at any time. */
function ignoreAnswers(response: PlatformResponse): void {
  for (const name of ANSWERING) if (name in response) Object.assign(response, { [name]: () => response });
}

function ignoreLateHeaders(raw: ServerResponse): void {
  for (const name of HEADER_SETTING) {
    const set = (raw as Partial<Record<typeof name, (...parts: unknown[]) => unknown>>)[name];
    if (!set) continue;
    Object.assign(raw, { [name]: (...parts: unknown[]) => (raw.headersSent ? raw : set.apply(raw, parts)) });
  }
}
