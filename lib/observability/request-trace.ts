import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import {
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type SpanContext,
} from '@opentelemetry/api';
import { isJsonObject } from '../json/json-object.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import type { Actor } from '../resource-server/access/actor.js';
import type { Caller } from '../resource-server/access/caller.js';
import type { Operation } from '../resource-server/access/operation.js';
import type { AuditContext } from './audit-event.js';
import { INSTRUMENTATION, recordDuration } from './metrics.js';

/** Methods of the MCP schema. A name that a stranger makes up must not become the name of a span or a time series. */
const METHODS = new Set([
  'completion/complete',
  'initialize',
  'logging/setLevel',
  'notifications/cancelled',
  'notifications/initialized',
  'notifications/progress',
  'notifications/roots/list_changed',
  'ping',
  'prompts/get',
  'prompts/list',
  'resources/list',
  'resources/read',
  'resources/subscribe',
  'resources/templates/list',
  'resources/unsubscribe',
  'server/discover',
  'subscriptions/listen',
  'tasks/cancel',
  'tasks/get',
  'tasks/update',
  'tools/call',
  'tools/list',
]);

/**
 * Maximum characters of a method or tool name in an event. No real name is longer, and strangers must not fill the log.
 */
const MAX_NAME = 128;

/**
 * Methods whose target clients name by a word. The URI of a resource is an argument, as is the id of a task: they may
 * name a person. These targets are named by their template, or by the tool of the task.
 */
const NAMED_BY_WORD = new Set(['tools/call', 'prompts/get', 'resources/list']);

/** Keys of the name of the target in spans and metrics (OpenTelemetry semantic conventions for MCP). */
const NAME_KEYS: Readonly<Record<string, string>> = {
  'prompts/get': 'gen_ai.prompt.name',
  'tasks/cancel': 'gen_ai.tool.name',
  'tasks/get': 'gen_ai.tool.name',
  'tasks/update': 'gen_ai.tool.name',
  'tools/call': 'gen_ai.tool.name',
};

/**
 * One request of the endpoint in logs, events and traces. Without an OpenTelemetry SDK it only has a correlation id.
 */
export class RequestTrace {
  #correlationId: string | undefined;
  readonly #startedAt = performance.now();
  readonly #span: Span;
  readonly #context: Context;
  readonly #attributes: Record<string, string>;
  readonly #disclosesUris: boolean;
  #target: string | undefined;
  #errorType: string | undefined;

  /**
   * @param body - body of the message. Trace fields in its `_meta` take precedence over the headers (MCP SEP-414)
   * @param operation - the requested operation
   * @param disclosesUris - whether audit events contain URIs of resources
   */
  constructor(
    headers: IncomingHttpHeaders,
    body: unknown,
    operation: Operation | undefined,
    { discloseResourceUris: disclosesUris }: Pick<ResolvedOptions, 'discloseResourceUris'>,
  ) {
    this.#disclosesUris = disclosesUris;
    const method = operation && METHODS.has(operation.method) ? operation.method : '_OTHER';
    this.#attributes = { 'mcp.method.name': method };
    const { parent, link } = findOrigin(headers, body);
    this.#span = trace
      .getTracer(INSTRUMENTATION)
      .startSpan(method, { kind: SpanKind.SERVER, links: link ? [{ context: link }] : [] }, parent);
    if (operation?.through !== undefined) this.#span.setAttribute('mcp.tool.through', operation.through);
    this.#context = isSpanContextValid(this.#span.spanContext()) ? trace.setSpan(parent, this.#span) : parent;
  }

  /** Names the request in logs, events and errors: a UUID, made when it is first asked for. */
  get correlationId(): string {
    this.#correlationId ??= randomUUID();
    return this.#correlationId;
  }

  /**
   * @param target - declared name of the primitive that the request is about: of a task, its tool. URIs would make an
   *   unlimited number of names
   */
  aimAt(target: string): void {
    const { 'mcp.method.name': method = '' } = this.#attributes;
    this.#target = target;
    this.#attributes[NAME_KEYS[method] ?? 'mcp.primitive'] = target;
    this.#span.updateName(`${method} ${target}`);
  }

  /** The request as audit events describe it. */
  createAuditContext(caller: Caller | undefined, operation: Operation | undefined): AuditContext {
    const spanContext = this.#span.spanContext();
    return {
      correlationId: this.correlationId,
      traceId: isSpanContextValid(spanContext) ? spanContext.traceId : undefined,
      caller: caller && {
        issuer: caller.issuer,
        subject: caller.subject,
        clientId: caller.clientId,
        appOnly: caller.appOnly,
        ...(caller.actor && {
          actors: listActors(caller.actor).map(({ issuer, subject, clientId }) => ({ issuer, subject, clientId })),
        }),
      },
      operation: operation && this.#describe(operation),
      scopesHeld: caller?.scopes,
    };
  }

  #describe({ method, name, through }: Operation): AuditContext['operation'] {
    const isUri = method.startsWith('resources/') && method !== 'resources/list';
    return {
      method: method.slice(0, MAX_NAME),
      name: NAMED_BY_WORD.has(method) ? name?.slice(0, MAX_NAME) : this.#target,
      ...(through !== undefined && { through }),
      ...(isUri && this.#disclosesUris && { uri: name }),
    };
  }

  /** Runs a function in the context of the request, so that its spans become children of the request's. */
  run<Result>(run: () => Result): Result {
    return context.with(this.#context, run);
  }

  /** Whether it is known why the request fails. */
  get hasFailed(): boolean {
    return this.#errorType !== undefined;
  }

  /** @param errorType - why the request fails, one of a fixed set */
  fail(errorType: string): void {
    this.#errorType = errorType;
  }

  /** @param answer - its HTTP status, or the answer itself, which its client may not have waited for */
  end(answer: number | ServerResponse): void {
    const status = typeof answer === 'number' ? answer : readStatus(answer);
    const isCut = typeof answer !== 'number' && this.#isCut(answer);
    const failed = status !== undefined && status >= 500 ? String(status) : undefined;
    const errorType = this.#errorType ?? (isCut ? 'cancelled' : failed);
    const attributes = this.#attributes;
    if (errorType !== undefined) attributes['error.type'] = errorType;
    if (this.#span.isRecording())
      this.#span.setAttributes({ ...attributes, ...(status !== undefined && { 'http.response.status_code': status }) });
    if (errorType !== undefined) this.#span.setStatus({ code: SpanStatusCode.ERROR });
    this.#span.end();
    recordDuration((performance.now() - this.#startedAt) / 1000, attributes);
  }

  /** Whether the client has left before the end of the answer. */
  #isCut({ headersSent, writableEnded }: ServerResponse): boolean {
    return !writableEnded && !(headersSent && OPEN_ENDED.has(this.#attributes['mcp.method.name']));
  }
}

/** An answer that is not sent has no status, whatever Nest has set it to. */
function readStatus({ headersSent, statusCode }: ServerResponse): number | undefined {
  return headersSent ? statusCode : undefined;
}

/** Methods whose answer lasts until the client leaves, and the `GET` of older clients. */
const OPEN_ENDED: ReadonlySet<string | undefined> = new Set(['subscriptions/listen', '_OTHER']);

/** What the request is part of. Baggage of a client stays outside, because it would travel on to internal APIs. */
function findOrigin(headers: IncomingHttpHeaders, body: unknown): { parent: Context; link?: SpanContext | undefined } {
  const surrounding = leaveBaggage(context.active());
  const active = trace.getSpanContext(surrounding);
  // Without a propagator nothing can be read.
  if (propagation.fields().length === 0) return { parent: surrounding };
  const fromMeta = propagation.extract(ROOT_CONTEXT, readTraceFields(readMeta(body)));
  if (trace.getSpanContext(fromMeta)) return { parent: fromMeta, link: active };
  if (active) return { parent: surrounding };
  return { parent: propagation.extract(ROOT_CONTEXT, readTraceFields(headers)) };
}

function leaveBaggage(surrounding: Context): Context {
  return propagation.getBaggage(surrounding) ? propagation.deleteBaggage(surrounding) : surrounding;
}

function readTraceFields(carrier: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    ['traceparent', 'tracestate'].flatMap((field) => {
      const value = Object.hasOwn(carrier, field) ? carrier[field] : undefined;
      return typeof value === 'string' ? [[field, value]] : [];
    }),
  );
}

function readMeta(body: unknown): Record<string, unknown> {
  const params = isJsonObject(body) ? body.params : undefined;
  const meta = isJsonObject(params) ? params._meta : undefined;
  return isJsonObject(meta) ? meta : {};
}

/** The current actor first, then the previous ones. */
function listActors(actor: Actor | undefined): readonly Actor[] {
  const actors: Actor[] = [];
  for (let one = actor; one; one = one.actor) actors.push(one);
  return actors;
}
