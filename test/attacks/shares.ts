import { expect } from '@jest/globals';
import { Injectable, type Provider } from '@nestjs/common';
import { Anonymous, McpContext, McpRegistry, McpResource, McpResourceTemplate, McpTool } from 'nestjs-mcp-auth';
import type { AuditEvent, McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { CallerLimits } from '../../lib/limits/caller-limits.js';
import type { Quantity } from '../../lib/limits/quantity.js';
import { takeFailedAnswers } from '../support/failed-answers.js';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** Calls of `wait` that run, and what ends them. */
const waiting = new Set<() => void>();

/** Called when a call of `wait` begins. */
let onWait: () => void = () => undefined;

@Injectable()
class Offers {
  @McpTool({ description: 'x' })
  ping() {
    return 'pong';
  }
  /** Goes on whatever becomes of its request. */
  @McpTool({ description: 'x', task: true })
  async wait() {
    await new Promise<void>((resolve) => {
      waiting.add(resolve);
      onWait();
    });
    return 'done';
  }
  @McpTool({ description: 'x', input: z.object({ size: z.number() }), task: true })
  produce({ size }: { size: number }) {
    return 'x'.repeat(size);
  }
  @McpTool({ description: 'x' })
  async ask(@McpContext() context: McpContext) {
    const { action } = await context.elicit('May I?', z.object({ yes: z.boolean() }));
    return action;
  }
  @McpResource({ uri: 'news://today' })
  news() {
    return 'none';
  }
  @McpResourceTemplate({ uriTemplate: 'news://{day}' })
  newsOf() {
    return 'none';
  }
  @Anonymous()
  @McpResourceTemplate({ uriTemplate: 'open://{page}' })
  open() {
    return 'for everyone';
  }
}

/** The callers of the attacks. */
export type Name = 'attacker' | 'victim' | 'third';

/** A server with small shares, and what its callers do. */
export class SharedServer {
  readonly events: AuditEvent[] = [];
  readonly #tokens = new Map<string, string>();
  readonly #open: AbortController[] = [];
  #ids = 0;

  private constructor(readonly server: ProtectedServer) {}

  static async start(
    platform: 'express' | 'fastify',
    limits: McpAuthModuleOptions['limits'],
    options: Partial<McpAuthModuleOptions> = {},
    providers: Provider[] = [],
  ): Promise<SharedServer> {
    const events: AuditEvent[] = [];
    const auditSink = { record: (event: AuditEvent) => void events.push(event) };
    const server = await startProtectedServer({
      platform,
      providers: [Offers, ...providers],
      options: { ...(limits && { limits }), observability: { auditSink }, ...options },
    });
    const shared = new SharedServer(server);
    for (const name of ['attacker', 'victim', 'third']) await shared.signIn(name);
    return Object.assign(shared, { events });
  }

  /** Gives another caller a token. */
  async signIn(name: string): Promise<void> {
    this.#tokens.set(name, await this.server.token('', { sub: name, client_id: 'client' }));
  }

  get registry(): McpRegistry {
    return this.server.app.get(McpRegistry);
  }

  /** What the server holds. */
  held(quantity: Quantity): { readonly count: number; readonly bytes: number } {
    const { count, bytes } = this.server.app.get(CallerLimits, { strict: false }).of(quantity);
    return { count, bytes };
  }

  /** Types of the events of a quantity, and whose they are. */
  told(quantity: Quantity): string[] {
    return this.events.flatMap((event) =>
      event.type === 'limit_reached' && event.quantity === quantity
        ? [`${event.caller?.subject ?? 'nobody'} ${event.limit} ${event.effect}`]
        : [],
    );
  }

  tokenOf(name: string): string | undefined {
    return this.#tokens.get(name);
  }

  /** A request of the era 2026-07-28, with the Tasks extension. */
  async ask(
    name: string | undefined,
    method: string,
    params: Record<string, unknown> = {},
    signal?: AbortSignal,
  ): Promise<Response> {
    const body = message(method, params) as { params: { _meta: Record<string, unknown> }; id: unknown };
    body.id = this.#ids += 1;
    const capabilities = { elicitation: { form: {} }, extensions: { 'io.modelcontextprotocol/tasks': {} } };
    body.params._meta['io.modelcontextprotocol/clientCapabilities'] = capabilities;
    const target = (params.taskId ?? params.name ?? params.uri) as string | undefined;
    const headers = target === undefined ? {} : { 'mcp-name': target };
    const token = name === undefined ? undefined : this.#tokens.get(name);
    return await post(this.server.resource, body, { token, headers, signal });
  }

  /** A call that goes on until the end of the test, unless it is refused. */
  async startCall(name: string): Promise<AbortController> {
    const abort = new AbortController();
    const begun = new Promise<void>((resolve) => (onWait = resolve));
    this.#open.push(abort);
    const body = { jsonrpc: '2.0', id: (this.#ids += 1), method: 'tools/call', params: { name: 'wait' } };
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const params = { ...body.params, _meta: meta };
    const init = { token: this.#tokens.get(name), signal: abort.signal };
    const answered = post(this.server.resource, { ...body, params }, init).catch(() => undefined);
    await Promise.race([begun, answered]);
    return abort;
  }

  /** Opens a stream, and reads it as far as it has come. */
  async openStream(name: string, init: { readonly uris?: readonly string[]; readonly session?: string } = {}) {
    const abort = new AbortController();
    this.#open.push(abort);
    const response =
      init.session === undefined
        ? await this.ask(
            name,
            'subscriptions/listen',
            { notifications: { toolsListChanged: true, resourceSubscriptions: init.uris ?? [] } },
            abort.signal,
          )
        : await fetch(this.server.resource, {
            headers: {
              authorization: `Bearer ${this.#tokens.get(name) ?? ''}`,
              accept: 'text/event-stream',
              'mcp-session-id': init.session,
            },
            signal: abort.signal,
          });
    return { response, abort };
  }

  /** Is aborted at the end of the test. */
  keepOpen(abort: AbortController): void {
    this.#open.push(abort);
  }

  /** The session of a client before 2026-07-28. */
  session(id = crypto.randomUUID()): string {
    const conversation = {
      id,
      protocolVersion: '2025-11-25',
      capabilities: { elicitation: {} },
      clientInfo: { name: 'old', version: '1' },
    };
    return Buffer.from(JSON.stringify(conversation)).toString('base64url');
  }

  /** A request of a client before 2026-07-28. */
  async askAsBefore(
    name: string | undefined,
    session: string,
    method: string,
    params: Record<string, unknown> = {},
    signal?: AbortSignal,
  ): Promise<Response> {
    const token = name === undefined ? undefined : this.#tokens.get(name);
    return await fetch(this.server.resource, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-11-25',
        'mcp-session-id': session,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: (this.#ids += 1), method, params }),
      ...(signal && { signal }),
    });
  }

  /** Ends what was left open, and waits until nothing of it is held. */
  async reset(...quantities: readonly Quantity[]): Promise<void> {
    for (const abort of this.#open.splice(0)) abort.abort();
    for (const end of waiting) end();
    waiting.clear();
    this.events.length = 0;
    for (const quantity of quantities)
      while (this.held(quantity).count > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  async close(): Promise<void> {
    await this.reset();
    await this.server.close();
    expect(takeFailedAnswers()).toEqual([]);
  }
}
