import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { checkToken, type TokenCheck } from './api-token.js';
import { answerSafely, sendJson, listen, type Listener } from './loopback.js';
import type { TestIssuer } from './test-issuer.js';

/** What a {@link TestDownstream} requires of its callers. */
export interface TestDownstreamOptions {
  /** The issuer whose tokens it accepts. */
  readonly issuer: TestIssuer;
  /** The required `aud` of tokens. */
  readonly audience: string;
  /** Scopes that every request needs. Defaults to none. */
  readonly scopes?: readonly string[];
}

/** A request that a {@link TestDownstream} received, without its token. */
export interface TestDownstreamRequest {
  /** HTTP method in capitals. */
  readonly method: string;
  /** Path of the URL, with the query. */
  readonly path: string;
  /** The headers, without credentials. */
  readonly headers: IncomingHttpHeaders;
  /** The body: parsed if it was JSON; `undefined` if there was none. */
  readonly body: unknown;
  /** Verified claims of the token; `undefined` if the token was invalid. */
  readonly claims: Readonly<Record<string, unknown>> | undefined;
  /** Why the request was refused with 401 or 403; `undefined` if it was not. */
  readonly refusal: string | undefined;
}

/** Returns the answer: a `Response` is sent unchanged, anything else as JSON. */
export type TestDownstreamAnswer = (request: TestDownstreamRequest) => unknown;

const CREDENTIALS = new Set(['authorization', 'cookie', 'dpop', 'proxy-authorization']);

/**
 * A protected API on a loopback port, over real HTTP. It checks tokens as an API does (signature, issuer, audience,
 * expiry, scopes). It refuses an invalid token with 401 or 403 and a challenge (RFC 6750 section 3).
 */
export class TestDownstream implements AsyncDisposable {
  /** All requests in order, including refused ones. */
  readonly requests: TestDownstreamRequest[] = [];
  readonly #answers = new Map<string, TestDownstreamAnswer>();

  private constructor(
    private readonly listener: Listener,
    private readonly options: TestDownstreamOptions,
  ) {}

  /**
   * Starts an API. It answers 404 until {@link TestDownstream.respond} sets an answer.
   *
   * @param options - which tokens it accepts
   */
  static async start(options: TestDownstreamOptions): Promise<TestDownstream> {
    const listener = await listen();
    const downstream = new TestDownstream(listener, options);
    listener.server.on('request', (request, response) => {
      void answerSafely(response, () => downstream.#handle(request, response));
    });
    return downstream;
  }

  /** The origin of the API, for `baseUrl` of the downstream. */
  get origin(): string {
    return this.listener.origin;
  }

  /** The required `aud` of tokens, for `audience` of the downstream. */
  get audience(): string {
    return this.options.audience;
  }

  /**
   * Sets the answer to requests with a valid token.
   *
   * @param target - a path without a query, for every method: `/orders/7`; or a method and a path: `POST /orders`
   * @param answer - a value to send as JSON, or a function of the request that returns one; a `Response` is sent
   *   unchanged
   */
  respond(target: string, answer: TestDownstreamAnswer | object | string | number | boolean | null): this {
    this.#answers.set(target, typeof answer === 'function' ? (answer as TestDownstreamAnswer) : () => answer);
    return this;
  }

  /** Stops the API and closes its connections. */
  async close(): Promise<void> {
    await this.listener.close();
  }

  /** Does the same as {@link TestDownstream.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const { issuer, audience, scopes = [] } = this.options;
    const check = await checkToken(message.headers.authorization, { issuer, audience, scopes });
    const request = await readRequest(message, check);
    this.requests.push(request);
    if (check.status !== 200) {
      sendJson(response, check.status, { error: check.reason }, { 'www-authenticate': check.challenge });
      return;
    }
    const path = request.path.split('?', 1)[0] ?? '';
    const answer = this.#answers.get(`${request.method} ${path}`) ?? this.#answers.get(path);
    if (answer) await send(response, await answer(request));
    else sendJson(response, 404, { error: `There is nothing at ${request.method} ${path}` });
  }
}

async function readRequest(message: IncomingMessage, check: TokenCheck): Promise<TestDownstreamRequest> {
  let text = '';
  for await (const chunk of message) text += String(chunk);
  const headers = Object.entries(message.headers).filter(([name]) => !CREDENTIALS.has(name));
  return {
    method: message.method ?? '',
    path: message.url ?? '',
    headers: Object.fromEntries(headers),
    body: parseBody(text, message.headers['content-type']),
    claims: check.claims,
    refusal: check.status === 200 ? undefined : check.reason,
  };
}

function parseBody(text: string, type = ''): unknown {
  if (text === '') return undefined;
  if (!/^application\/(?:json|[^;]+\+json)\b/i.test(type)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

async function send(response: ServerResponse, answer: unknown): Promise<void> {
  if (!(answer instanceof Response)) {
    sendJson(response, 200, answer ?? null);
    return;
  }
  // The same response may be sent many times.
  const { status, headers, body } = answer.clone();
  response.writeHead(status, Object.fromEntries(headers));
  if (body) for await (const chunk of body) response.write(chunk);
  response.end();
}
