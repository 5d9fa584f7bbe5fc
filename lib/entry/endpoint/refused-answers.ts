import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../observability/audit-log.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { describeAnswer, findExplanation } from './described-answer.js';
import { hasLeft } from './left-clients.js';
import type { McpRequest } from './mcp-request.js';
import { normalizeHost } from './host-name.js';
import { readHosts } from './request-source.js';

/** The server that a request is for, and what its guards know of it, once they run. */
interface WatchedAnswer {
  readonly server: RefusedAnswers;
  readonly request?: McpRequest;
}

const WATCHED = Symbol('watched');

/** Servers of one application may have one path. */
type WatchedResponse = ServerResponse & { [WATCHED]?: WatchedAnswer };

/**
 * Answers past the guards that are no refusals of this kind. Tokens, permissions and rates have events of their own. With
 * 404 clients find out which methods a server has.
 */
const NOT_RECORDED: ReadonlySet<number> = new Set([401, 403, 404, 429]);

/** Records each request that is refused, by the status of its answer, whoever refuses it: also what runs before our guards. */
@Injectable()
export class RefusedAnswers {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly audit: AuditLog,
  ) {}

  /** Watches the answer to a request at the path of this server. Called before anything reads the request. */
  watch(node: IncomingMessage, response: WatchedResponse): void {
    if (!response[WATCHED] || this.#isNamed(node)) response[WATCHED] = { server: this };
  }

  /** Records the answer, if it refuses the request of {@link watch}. Called when its headers are about to be sent. */
  recordAnswer(node: IncomingMessage, response: WatchedResponse): void {
    if (response.statusCode < 400) return;
    const { server, request } = response[WATCHED] ?? {};
    // A client that has left is refused nothing.
    if (server === this && !hasLeft(node, response)) this.#record(node, response.statusCode, request);
  }

  /** Called when the guards of this server begin with a request. */
  claim(response: WatchedResponse, request: McpRequest): void {
    response[WATCHED] = { server: this, request };
  }

  #record(node: IncomingMessage, status: number, request: McpRequest | undefined): void {
    const trace = request?.trace;
    // Failures of the server are in the log.
    if (trace && (trace.hasFailed || status >= 500 || NOT_RECORDED.has(status))) return;
    const described = findExplanation(node) ?? describeAnswer(node, status, trace !== undefined, this.options.endpoint);
    trace?.fail(described.reason);
    this.audit.record({
      ...(trace?.createAuditContext(request?.caller, request?.operation) ?? { correlationId: randomUUID() }),
      type: 'request_refused',
      ...described,
    });
  }

  #isNamed(node: IncomingMessage): boolean {
    const { host, allowedHosts } = this.options.endpoint;
    const names = readHosts(node).map(normalizeHost);
    return names.some((name) => name === host || (allowedHosts !== 'any' && allowedHosts.has(name)));
  }
}
