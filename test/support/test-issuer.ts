import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, jwtVerify, SignJWT, type CryptoKey, type JWK } from 'jose';
import { listen, type Listener } from './listen.js';
import { keepSecret } from './secret-watch.js';

interface SigningKey {
  readonly alg: string;
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: URLSearchParams) => void | Promise<void>;

/** An authorization server that signs whatever a test wants signed, and that can be made to fail. */
export class TestIssuer {
  /** What the token endpoint was asked for, in order. */
  readonly exchanges: Record<string, string>[] = [];
  /** Paths asked for, in order. */
  readonly requests: string[] = [];
  /** Answers of paths that a test replaces. */
  readonly answers = new Map<string, Answer>();
  keys: SigningKey[] = [];

  private constructor(
    private readonly listener: Listener,
    readonly issuer: string,
  ) {}

  static async start(path = ''): Promise<TestIssuer> {
    const listener = await listen();
    const issuer = new TestIssuer(listener, `${listener.origin}${path}`);
    await issuer.addKey('ES256');
    listener.server.on('request', (request, response) => void issuer.#handle(request, response));
    return issuer;
  }

  get origin(): string {
    return this.listener.origin;
  }

  async addKey(alg: string, kid: string = randomUUID()): Promise<SigningKey> {
    const { privateKey, publicKey } = await generateKeyPair(alg);
    const key = { alg, kid, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
    this.keys.push(key);
    return key;
  }

  /** An access token as RFC 9068 has it; claims and header members given replace the usual ones, `undefined` removes. */
  async token(
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
    key = this.keys[0],
  ): Promise<string> {
    if (!key) throw new Error('The issuer has no key');
    const now = Math.floor(Date.now() / 1000);
    const token = await new SignJWT({
      iss: this.issuer,
      sub: 'alice',
      client_id: 'test-client',
      iat: now,
      exp: now + 300,
      jti: randomUUID(),
      ...claims,
    })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header })
      .sign(key.privateKey);
    keepSecret(token);
    return token;
  }

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

  async close(): Promise<void> {
    await this.listener.close();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    this.requests.push(path);
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const body = new URLSearchParams(text);
    const answer = this.answers.get(path) ?? this.#usual(path);
    await answer(request, response, body);
  }

  #usual(path: string): Answer {
    const suffix = this.issuer.slice(this.origin.length);
    switch (path) {
      case `/.well-known/oauth-authorization-server${suffix}`:
        return (_request, response) => {
          json(response, 200, this.metadata());
        };
      case '/jwks':
        return (_request, response) => {
          json(response, 200, { keys: this.keys.map(({ publicJwk }) => publicJwk) });
        };
      case '/token':
        return (_request, response, body) => this.#exchange(response, body);
      default:
        return (_request, response) => {
          json(response, 404, {});
        };
    }
  }

  /** RFC 8693: a token for the audience asked for, with the subject of the subject token. */
  async #exchange(response: ServerResponse, body: URLSearchParams): Promise<void> {
    this.exchanges.push(Object.fromEntries(body));
    const [key] = this.keys;
    if (!key) throw new Error('The issuer has no key');
    const { payload } = await jwtVerify(body.get('subject_token') ?? '', key.publicJwk);
    const access_token = await this.token({
      sub: payload.sub,
      aud: body.get('audience') ?? body.get('resource'),
      scope: body.get('scope') ?? '',
      act: { sub: 'mcp-server' },
    });
    json(response, 200, {
      access_token,
      token_type: 'Bearer',
      expires_in: 300,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
  }
}

export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
