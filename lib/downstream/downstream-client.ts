import { Injectable } from '@nestjs/common';
import { DownstreamError } from './downstream-error.js';
import { downstreamUrl } from './downstream-url.js';
import { currentToolCall, type ToolCall } from './tool-call.js';

/** `RequestInit`, and `json`: a value to send as a JSON body. */
export interface JsonRequestInit extends RequestInit {
  /** Sent as the body, with `Content-Type: application/json`. */
  json?: unknown;
}

/** One API, called on behalf of the caller of the running tool. Its methods may be detached. */
export interface Downstream {
  /**
   * `fetch` of the WHATWG standard with the caller's exchanged token. Fits wherever a generated client takes a `fetch`.
   *
   * @param input - a path below the downstream's `baseUrl`, or a URL or `Request` that is below it
   * @throws {@link DownstreamError} if no token can be had, the API cannot be reached, or the URL leaves `baseUrl`
   */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /**
   * Like `fetch`, and reads the answer as JSON; `undefined` where the answer has no body.
   *
   * @throws {@link DownstreamError} as `fetch` does, and for any status but 2xx
   */
  readonly json: <T = unknown>(input: string | URL | Request, init?: JsonRequestInit) => Promise<T>;
}

/** Calls the downstreams that the running tool declares, with tokens exchanged for each (RFC 8693). */
@Injectable()
export class DownstreamClient implements Downstream {
  readonly #declared = downstream((call) => soleDownstream(call));

  readonly fetch = this.#declared.fetch;
  readonly json = this.#declared.json;

  /**
   * One downstream by name, for a tool that declares several.
   *
   * @param name - as in `downstreams` of the module's options
   */
  for(name: string): Downstream {
    return downstream((call) => declaredDownstream(call, name));
  }
}

function downstream(nameFor: (call: ToolCall) => string): Downstream {
  const send: Downstream['fetch'] = async (input, init) => {
    const call = currentToolCall();
    return await fetchAs(call, nameFor(call), input, init);
  };
  return {
    fetch: send,
    json: async <T>(input: string | URL | Request, { json, ...init }: JsonRequestInit = {}) => {
      const name = nameFor(currentToolCall());
      const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : undefined));
      if (!headers.has('accept')) headers.set('accept', 'application/json');
      if (json !== undefined) headers.set('content-type', 'application/json');
      const body = json === undefined ? init.body : JSON.stringify(json);
      return (await jsonOf(name, await send(input, { ...init, headers, ...(body !== undefined && { body }) }))) as T;
    },
  };
}

async function fetchAs(
  call: ToolCall,
  name: string,
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const url = downstreamUrl(call.access.downstream(name).baseUrl, input instanceof Request ? input.url : input);
  const request = new Request(input instanceof Request ? input : url, init);
  for (const reserved of ['host', 'dpop']) request.headers.delete(reserved);
  const token = await call.access.tokenFor(name);
  if (token) request.headers.set('authorization', `Bearer ${token.value}`);
  else request.headers.delete('authorization');
  const signal = AbortSignal.any([request.signal, call.signal]);
  // A redirect to another origin loses the Authorization header (Fetch standard, HTTP-redirect fetch).
  return await fetch(request, { signal }).catch((cause: unknown) => {
    throw signal.aborted ? cause : unreachable(name, cause);
  });
}

function unreachable(name: string, cause: unknown): DownstreamError {
  return new DownstreamError('downstream_unreachable', `${name} cannot be reached, or broke off its answer`, {
    cause,
    downstream: name,
    advice: `The ${name} API cannot be reached right now. Try again later.`,
  });
}

function soleDownstream({ tool, downstreams: [name, ...others] }: ToolCall): string {
  if (name === undefined) throw undeclared(tool, undefined);
  if (others.length > 0) {
    throw new DownstreamError(
      'downstream_ambiguous',
      `${tool} declares several downstreams. Say which: for("${name}")`,
    );
  }
  return name;
}

function declaredDownstream({ tool, downstreams }: ToolCall, name: string): string {
  if (!downstreams.includes(name)) throw undeclared(tool, name);
  return name;
}

function undeclared(tool: string, name: string | undefined): DownstreamError {
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

async function jsonOf(name: string, response: Response): Promise<unknown> {
  if (!response.ok) {
    await response.body?.cancel();
    throw new DownstreamError(
      'downstream_status',
      `${name} answered ${response.status} to ${new URL(response.url).pathname}`,
      {
        downstream: name,
        status: response.status,
        advice: adviceFor(name, response.status),
      },
    );
  }
  const text = await response.text().catch((cause: unknown) => {
    throw unreachable(name, cause);
  });
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // The cause would quote the body.
    throw new DownstreamError('downstream_body', `${name} answered with a body that is not JSON`, { downstream: name });
  }
}

function adviceFor(name: string, status: number): string {
  switch (status) {
    case 401:
    case 403:
      return `The ${name} API does not allow this for you. Ask whoever runs it for access.`;
    case 404:
    case 410:
      return `The ${name} API has nothing there. Check the identifiers in the arguments.`;
    case 409:
      return `The ${name} API cannot do this in the present state (409).`;
    case 429:
      return `The ${name} API is asked too often. Try again later.`;
    default:
      return status >= 500
        ? `The ${name} API failed (${status}). Try again later.`
        : `The ${name} API refused the request (${status}). Check the arguments.`;
  }
}
