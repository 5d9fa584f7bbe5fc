import type { IncomingMessage, ServerResponse } from 'node:http';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { readExchangeRequest, type TestExchangeRequest } from './exchange-request.js';
import { answerSafely, sendJson, listen, type Listener } from './loopback.js';
import { generateKey, type TestKey } from './test-key.js';
import type { TestAnswer, TestExchangeFailure, TestIssuerOptions } from './test-issuer-options.js';
import { buildClaims, LIFETIME, sign, type TestTokenClaims } from './test-token.js';

/**
 * An authorization server on a loopback port, over real HTTP. It has keys, metadata (RFC 8414 and OpenID Connect
 * Discovery), a JWKS, and a token endpoint that exchanges tokens (RFC 8693). It signs any token for a test, records
 * its requests, and can be made to fail.
 */
export class TestIssuer implements AsyncDisposable {
  /** The exchanges that were requested, in order. */
  readonly exchangeRequests: TestExchangeRequest[] = [];
  /** The requested paths, in order. */
  readonly requests: string[] = [];
  /** Answers by path that replace the issuer's own. */
  readonly answers = new Map<string, TestAnswer>();
  /** The keys in the JWKS. The first one signs. */
  keys: TestKey[] = [];
  /** Claims of exchanged tokens. They add to or replace the usual ones. */
  exchangedClaims: TestTokenClaims = {};
  #failure: TestExchangeFailure | undefined;

  private constructor(
    private readonly listener: Listener,
    /** The issuer identifier: `issuer` of the metadata, and `iss` of the tokens. */
    readonly issuer: string,
    private readonly options: TestIssuerOptions,
  ) {}

  /**
   * Starts an issuer with its own keys.
   *
   * @param options - path, keys and metadata of the issuer
   */
  static async start(options: TestIssuerOptions = {}): Promise<TestIssuer> {
    const { path = '', algorithms = ['ES256'] } = options;
    const listener = await listen();
    const issuer = new TestIssuer(listener, `${listener.origin}${path}`, options);
    for (const algorithm of algorithms) await issuer.addKey(algorithm);
    listener.server.on('request', (request, response) => void issuer.#handle(request, response));
    return issuer;
  }

  /** The origin: the issuer identifier without the path. */
  get origin(): string {
    return this.listener.origin;
  }

  /**
   * Publishes one more key. It signs the tokens that are requested with it.
   *
   * @param alg - algorithm of the key (RFC 7518 section 3.1), such as `ES256`
   * @param kid - id of the key. Defaults to a random one
   */
  async addKey(alg: string, kid?: string): Promise<TestKey> {
    const key = await generateKey(alg, kid);
    this.keys.push(key);
    return key;
  }

  /**
   * Signs with a new key from now on. The other keys stay published until {@link TestIssuer.removeKey | removed}, so
   * their tokens stay valid.
   *
   * @param alg - algorithm of the key. Defaults to that of the previous key
   */
  async rotate(alg: string = this.#getSigningKey().alg): Promise<TestKey> {
    const key = await generateKey(alg);
    this.keys.unshift(key);
    return key;
  }

  /**
   * Stops publishing a key.
   *
   * @param key - one of `keys`, or its `kid`
   */
  removeKey({ kid }: Pick<TestKey, 'kid'>): void {
    this.keys = this.keys.filter((key) => key.kid !== kid);
  }

  /**
   * Signs an access token (RFC 9068) of this issuer. Defaults to a token of `alice` that is valid for five minutes.
   *
   * @param claims - replace the usual claims
   * @param header - members that replace the usual ones of the header
   * @param key - signs the token. Defaults to the first of `keys`
   */
  async token(
    claims: TestTokenClaims | Readonly<Record<string, unknown>> = {},
    header: Readonly<Record<string, unknown>> = {},
    key: TestKey = this.#getSigningKey(),
  ): Promise<string> {
    const token = await sign(buildClaims(this.issuer, claims), header, key);
    this.options.onToken?.(token);
    return token;
  }

  /** Returns the metadata. */
  metadata(): Record<string, unknown> {
    return {
      issuer: this.issuer,
      authorization_endpoint: `${this.origin}/authorize`,
      token_endpoint: `${this.origin}/token`,
      jwks_uri: `${this.origin}/jwks`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
    };
  }

  /**
   * Refuses every exchange until {@link TestIssuer.restoreExchange} is called.
   *
   * @param failure - the answer (RFC 6749 section 5.2). Defaults to 400 with `invalid_grant`
   */
  failExchange(failure: TestExchangeFailure = {}): void {
    this.#failure = failure;
  }

  /** Stops refusing exchanges. */
  restoreExchange(): void {
    this.#failure = undefined;
  }

  /** Stops the issuer and closes its connections. */
  async close(): Promise<void> {
    await this.listener.close();
  }

  /** Does the same as {@link TestIssuer.close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #getSigningKey(): TestKey {
    const [key] = this.keys;
    if (!key) throw new Error('The issuer has no key');
    return key;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    this.requests.push(path);
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const answer = this.answers.get(path) ?? this.#findUsualAnswer(path);
    await answerSafely(response, () => answer(request, response, new URLSearchParams(text)));
  }

  #findUsualAnswer(path: string): TestAnswer {
    const suffix = this.issuer.slice(this.origin.length);
    const { publishes = 'both' } = this.options;
    if (path === `/.well-known/oauth-authorization-server${suffix}` && publishes !== 'openid') {
      return (_request, response) => {
        sendJson(response, 200, this.metadata());
      };
    }
    if (path === `${suffix}/.well-known/openid-configuration` && publishes !== 'oauth') {
      return (_request, response) => {
        sendJson(response, 200, {
          ...this.metadata(),
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: [...new Set(this.keys.map(({ alg }) => alg))],
        });
      };
    }
    if (path === '/jwks') {
      return (_request, response) => {
        sendJson(response, 200, { keys: this.keys.map(({ publicJwk }) => publicJwk) });
      };
    }
    if (path === '/token') return (request, response, form) => this.#exchange(request, response, form);
    return (_request, response) => {
      sendJson(response, 404, {});
    };
  }

  async #exchange(request: IncomingMessage, response: ServerResponse, form: URLSearchParams): Promise<void> {
    this.options.onExchange?.(form);
    const asked = readExchangeRequest(form, request.headers.authorization);
    const { error = 'invalid_grant', description, status = 400, members } = this.#failure ?? {};
    const refuse = (code: string, text: string | undefined) => {
      this.exchangeRequests.push({ ...asked, error: code });
      sendJson(response, status, { error: code, error_description: text, ...members });
    };
    if (this.#failure) {
      refuse(error, description);
      return;
    }
    const subject = await this.#readSubject(form, asked);
    // RFC 8693 section 2.2.2.
    if (subject === undefined) {
      refuse('invalid_request', 'There is no subject token, or it is not good');
      return;
    }
    const targets = [...asked.audiences, ...(asked.audiences.length > 0 ? [] : asked.resources)];
    const access_token = await this.token({
      sub: subject,
      audience: targets.length > 1 ? targets : targets[0],
      scopes: asked.scopes,
      ...(asked.client.id !== undefined && { act: { sub: asked.client.id } }),
      ...this.exchangedClaims,
    });
    this.exchangeRequests.push({ ...asked, error: undefined });
    sendJson(response, 200, {
      access_token,
      token_type: 'Bearer',
      expires_in: LIFETIME,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
  }

  /** Returns the user of the new token: the subject of the given token, or the client itself. */
  async #readSubject(form: URLSearchParams, { client, grantType }: Omit<TestExchangeRequest, 'error'>) {
    const token = form.get('subject_token') ?? form.get('assertion');
    if (token === null) return grantType === 'client_credentials' ? client.id : undefined;
    try {
      const { kid } = decodeProtectedHeader(token);
      const key = this.keys.find((one) => one.kid === kid);
      return key && (await jwtVerify(token, key.publicJwk)).payload.sub;
    } catch {
      return undefined;
    }
  }
}
