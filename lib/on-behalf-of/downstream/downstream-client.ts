import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { DownstreamName } from '../../options/register.js';
import type { ResolvedDownstream } from '../options/resolved-downstream.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { discard, toResponse, type DownstreamAnswer } from './downstream-answer.js';
import { linkToError } from '../../errors/documentation.js';
import { DownstreamError, OperatorActionError } from '../../errors/downstream-error.js';
import { DownstreamSender } from './downstream-sender.js';
import { findFailure, readJson } from './json-answer.js';
import { getToolCall, type ToolCall } from './tool-call.js';

/** `RequestInit`, and `json`: a value to send as a JSON body. */
export interface JsonRequestInit extends RequestInit {
  /** Sent as the body, with `Content-Type: application/json`. */
  json?: unknown;
}

/** One API, called on behalf of the caller of the running tool. Its methods may be detached. */
export interface Downstream {
  /**
   * `fetch` of the WHATWG standard, with the caller's exchanged token. Suits generated clients that take a `fetch`.
   *
   * @param input - a path below the downstream's `baseUrl`, or a URL or `Request` that is below it
   * @param init - as for `fetch`; headers that identify the sender (`Authorization` and the like) are removed, and those
   *   that steer proxies (`X-Forwarded-For` and the like) are an error
   * @returns the answer, whatever its status
   * @throws {@link DownstreamError} if no token is available, the API is unreachable, or the URL leaves `baseUrl`; the
   *   reason of an aborted signal: `init.signal`, or the call's, when its client cancels
   */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /**
   * Like `fetch`, but returns only 2xx answers. Other answers become errors for the party that can act on them.
   *
   * @param input - as for `fetch`
   * @param init - as for `fetch`
   * @throws {@link DownstreamError} as `fetch` does, and for any status but 2xx: {@link CallerActionError}, {@link
   *   OperatorActionError}, {@link TemporaryFailureError}, or with `downstream_status`
   */
  readonly fetchOk: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /**
   * Like `fetchOk`, and reads the answer as JSON; `undefined` if the answer has no body.
   *
   * @param input - as for `fetch`
   * @param init - as for `fetch`; and `json`, a value to send
   * @throws {@link DownstreamError} as `fetchOk` does, and for a body that is not JSON, or larger than
   *   `http.maxJsonSize`
   */
  readonly json: <T = unknown>(input: string | URL | Request, init?: JsonRequestInit) => Promise<T>;
}

/** An answer, and the downstream that it came from. */
export interface Answered {
  readonly target: ResolvedDownstream;
  readonly answer: DownstreamAnswer;
  /** What it means, and to whom; `undefined` for a status of 2xx. */
  readonly failure: DownstreamError | undefined;
}

/** Sends a request to a downstream. */
type Send = (input: string | URL | Request, init?: RequestInit) => Promise<Answered>;

const logger = new CleanLogger('DownstreamClient');

/** Where the client looks for its sender. */
let getModule: (client: DownstreamClient) => ModuleRef;

/** Calls the downstreams that the running tool declares, with tokens exchanged for each (RFC 8693). */
@Injectable()
export class DownstreamClient implements Downstream {
  /** Like {@link Downstream.fetch}, for a tool that declares one downstream. */
  readonly fetch: Downstream['fetch'];
  /** Like {@link Downstream.fetchOk}, for a tool that declares one downstream. */
  readonly fetchOk: Downstream['fetchOk'];
  /** Like {@link Downstream.json}, for a tool that declares one downstream. */
  readonly json: Downstream['json'];

  static {
    getModule = (client) => client.module;
  }

  constructor(private readonly module: ModuleRef) {
    ({ fetch: this.fetch, fetchOk: this.fetchOk, json: this.json } = createDownstream(module, findSoleDownstream));
  }

  /**
   * One downstream by name, for a tool that declares several.
   *
   * @param name - as in `downstreams` of the module's options
   */
  for(name: DownstreamName): Downstream {
    return createDownstream(this.module, (call) => checkDeclared(call, name));
  }
}

/**
 * Calls a downstream like {@link Downstream.fetch}, for whoever reads the answer in a way of its own.
 *
 * @returns the answer, whatever its status, before it is read
 */
export function ask(client: DownstreamClient, name: string): Send {
  return createSend(getModule(client), (call) => checkDeclared(call, name));
}

function createSend(module: ModuleRef, nameFor: (call: ToolCall) => string): Send {
  return async (input, init) => {
    const call = getToolCall();
    const name = nameFor(call);
    const answer = await module.get(DownstreamSender).send(call, name, input, init);
    const target = call.access.getDownstream(name);
    const failure = findFailure(target, answer);
    call.access.recordAnswer(name, answer, failure);
    return { target, answer, failure };
  };
}

function createDownstream(module: ModuleRef, nameFor: (call: ToolCall) => string): Downstream {
  const send = createSend(module, nameFor);
  const fetchOk: Downstream['fetchOk'] = async (input, init) => {
    const answered = await send(input, init);
    checkSuccess(answered);
    return toResponse(answered.target.name, answered.answer);
  };
  return {
    fetch: async (input, init) => {
      const { target, answer, failure } = await send(input, init);
      if (failure instanceof OperatorActionError) tellOperator(target, failure);
      return toResponse(target.name, answer);
    },
    fetchOk,
    json: async <T>(input: string | URL | Request, init: JsonRequestInit = {}) => {
      const answered = await send(input, toJsonInit(input, init));
      checkSuccess(answered);
      return (await readJson(answered.target, answered.answer)) as T;
    },
  };
}

function checkSuccess({ answer, failure }: Answered): void {
  if (!failure) return;
  discard(answer);
  throw failure;
}

/** A tool that reads the status itself may tell nobody. */
function tellOperator({ name }: ResolvedDownstream, { code, message, fix = '' }: OperatorActionError): void {
  logger.sum('error', `${name} ${code}`, `(${code}) ${message}. ${fix} See ${linkToError(code)}`);
}

function toJsonInit(input: string | URL | Request, { json, ...init }: JsonRequestInit): RequestInit {
  const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
  if (!headers.has('accept')) headers.set('accept', 'application/json');
  if (json === undefined) return { ...init, headers };
  headers.set('content-type', 'application/json');
  return { ...init, headers, body: JSON.stringify(json) };
}

function findSoleDownstream({ tool, downstreams: [name, ...others] }: ToolCall): string {
  if (name === undefined) throw createUndeclaredError(tool, undefined);
  if (others.length > 0) {
    throw new DownstreamError('downstream_ambiguous', `${tool} declares several downstreams. Name one: for("${name}")`);
  }
  return name;
}

function checkDeclared({ tool, downstreams }: ToolCall, name: string): string {
  if (!downstreams.includes(name)) throw createUndeclaredError(tool, name);
  return name;
}

function createUndeclaredError(tool: string, name: string | undefined): DownstreamError {
  const reached =
    name === undefined ? 'a downstream, but declares none' : `the downstream "${name}", which it does not declare`;
  return new DownstreamError(
    'downstream_not_declared',
    `${tool} reached for ${reached}. Name it in \`downstream\` of its @McpTool.`,
    {
      ...(name !== undefined && { downstream: name }),
    },
  );
}
