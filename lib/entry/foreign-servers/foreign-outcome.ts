import type { ServerResponse } from 'node:http';
import onHeaders from 'on-headers';
import { describeError, toReadable } from '../../errors/reason.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { toFailureResult } from '../../mcp/invocation/tool-failure.js';
import { createErrorBody } from '../../mcp/protocol/error-body.js';
import { toInterruptionError } from '../../mcp/protocol/interruption-error.js';
import type { Offer } from '../../resource-server/catalogue/primitive.js';
import { ignoreAnswers, ignoreLateHeaders } from '../endpoint/ignored-answers.js';
import type { McpRequest } from '../endpoint/mcp-request.js';
import type { PlatformResponse } from '../endpoint/node-request.js';
import type { Interruptible } from '../endpoint/taken-response.js';
import { Ending } from '../../time/ending.js';

const logger = new CleanLogger('ProtectedMcp');

/** Methods by which a server answers. They do nothing once somebody else has. */
const OF_SERVER = ['write', 'end', 'writeHead', 'flushHeaders', 'setHeader', 'appendHeader', 'removeHeader'] as const;

/**
 * What becomes of a request that another server answers, if interceptors of the application do not wait for it, or fail
 * after its answer has begun. Exactly one answer is sent: that of the server, or a failure of the call.
 */
export class ForeignOutcome implements Interruptible {
  /** Ends what `DownstreamClient` does for the call. */
  readonly ending = new Ending();
  readonly #raw: ServerResponse;
  #isAnswered = false;
  /** What the response has been deprived of. */
  #ofServer: object = {};
  /** The stream is open, and its requests have no answer. */
  #isOpen = false;

  /** @param onOpen - called when a stream is open that has no end to wait for */
  constructor(
    private readonly request: McpRequest<Offer>,
    private readonly response: PlatformResponse,
    private readonly onOpen: () => void,
  ) {
    this.#raw = response.raw ?? response;
  }

  /**
   * Waits for the end of the answer.
   *
   * @param isEndless - whether it is a stream for events to come
   */
  async observe(isEndless: boolean): Promise<void> {
    const raw = this.#raw;
    if (isEndless)
      onHeaders(raw, () => {
        this.#open();
      });
    // The client may have disconnected while the guards ran.
    if (!raw.closed)
      await new Promise<void>((resolve) => {
        raw.once('close', resolve);
      });
    if (!raw.writableFinished) this.ending.end(new Error('The client went away'));
  }

  /** Called when the handler has returned. Nest answers with what it returned, unless the server answers. */
  finish(returned: unknown): void {
    if (this.#raw.headersSent) this.#ignoreNest();
    if (this.#raw.headersSent || returned === undefined) this.request.taken = this;
  }

  /**
   * Called with what the handler threw. Filters of the application would write into an answer that has begun.
   *
   * @returns whether filters have nothing to answer
   */
  takeFailure(error: unknown): boolean {
    if (!this.#isTaken) return false;
    this.finish(undefined);
    logger.error(`A request failed [${this.request.trace.correlationId}] in the handler of the application`, error);
    if (this.#isOver) return true;
    if (this.#isOpen) this.#raw.destroy();
    else this.#fail(error);
    return true;
  }

  /** Called when an interceptor stops waiting for the server. Filters may learn why, and are asked first. */
  leave(): void {
    if (this.#isOver) return;
    this.#ignoreNest();
    this.#ignoreServer();
    this.request.taken = this;
    setImmediate(() => {
      this.interrupt(new Error('an interceptor of the application ended it, and threw nothing'));
    });
  }

  interrupt(thrown: unknown): void {
    const error = toReadable(thrown);
    const { correlationId } = this.request.trace;
    const isLate = this.#isOver || this.#isOpen;
    if (this.#isAnswered) return;
    logger.warn(
      `An interceptor of the application ${isLate ? 'failed' : 'ended a request'} [${correlationId}] ${isLate ? 'after' : 'before'} its answer: ${describeError(error)}`,
    );
    if (!isLate) this.#fail(error);
  }

  /** Answers with a failure in place of the server. */
  #fail(error: unknown): void {
    const { operation, body, trace } = this.request;
    const { method, name = '' } = operation ?? {};
    this.#isAnswered = true;
    const { correlationId } = trace;
    const { id } = (body ?? {}) as { id?: unknown };
    const failure = toInterruptionError(error, correlationId);
    const answer =
      method === 'tools/call'
        ? { jsonrpc: '2.0', id, result: toFailureResult(name, error, correlationId) }
        : createErrorBody(body, failure.code, failure.message);
    trace.fail('interrupted');
    this.#send(id === undefined ? undefined : JSON.stringify(answer));
    this.#ignoreNest();
    this.#ignoreServer();
    this.ending.end(error);
  }

  #send(text: string | undefined): void {
    const raw = this.#raw;
    Object.assign(raw, this.#ofServer);
    if (!raw.headersSent) {
      raw.removeHeader('Content-Length');
      this.response.hijack?.();
      if (text === undefined) raw.writeHead(202).end();
      else raw.writeHead(200, { 'Content-Type': 'application/json' }).end(text);
    } else if (text !== undefined && /^text\/event-stream\b/i.test(String(raw.getHeader('Content-Type')))) {
      raw.end(`event: message\ndata: ${text}\n\n`);
    } else {
      // Half an answer must not look like a whole one.
      raw.destroy();
    }
  }

  #open(): void {
    this.#isOpen = true;
    ignoreAnswers(this.response);
    this.request.taken = this;
    this.onOpen();
  }

  /** Whether the server answers. Fastify drops what filters answer, once the handler has hijacked the reply. */
  get #isTaken(): boolean {
    const { sent } = this.response as { sent?: unknown };
    return this.#raw.headersSent || sent === true;
  }

  get #isOver(): boolean {
    return this.#isAnswered || this.#raw.writableEnded || this.#raw.destroyed;
  }

  #ignoreNest(): void {
    ignoreAnswers(this.response);
    ignoreLateHeaders(this.#raw);
  }

  #ignoreServer(): void {
    const raw = this.#raw;
    this.#ofServer = Object.fromEntries(OF_SERVER.map((name) => [name, Reflect.get(raw, name) as unknown]));
    for (const name of OF_SERVER) Object.assign(raw, { [name]: () => (name === 'write' ? true : raw) });
  }
}
