import { createHash, randomBytes } from 'node:crypto';
import { message, post } from '../support/mcp-request.js';
import { keepSecret } from '../support/secret-watch.js';
import type { User } from './user.js';

const DOCUMENT = 'https://vscode.dev/oauth/client-metadata.json';

/** What VS Code registers itself with. */
const REGISTRATION = {
  client_name: 'Visual Studio Code',
  client_uri: 'https://code.visualstudio.com',
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  response_types: ['code'],
  redirect_uris: [
    'https://insiders.vscode.dev/redirect',
    'https://vscode.dev/redirect',
    'http://127.0.0.1/',
    'http://127.0.0.1:33418/',
  ],
  token_endpoint_auth_method: 'none',
  application_type: 'native',
};

interface ServerMetadata {
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly registration_endpoint?: string;
  readonly client_id_metadata_document_supported?: boolean;
}

/** What came of a call. */
export interface CallOutcome {
  readonly status: number;
  readonly result: { readonly structuredContent?: unknown; readonly isError?: boolean } | undefined;
}

/** Does what the source of VS Code does, with a user in front of it; it keeps a token for each set of scopes. */
export class VscodeClient {
  /** The parameters of each authorization request. */
  readonly requests: URLSearchParams[] = [];
  clientId: string | undefined;
  #scopes: readonly string[] = [];
  #metadata: ServerMetadata | undefined;
  readonly #tokens = new Map<string, string>();

  constructor(
    private readonly url: string,
    private readonly user: User,
    /** `oauth.clientId` of `mcp.json`. */
    configured?: string,
    private readonly redirectUri = 'http://127.0.0.1:33418/',
  ) {
    this.clientId = configured;
  }

  /** Starts the server, as the user does in _MCP: List Servers_: it takes a sign-in. */
  async start(): Promise<void> {
    await this.#discover(await this.#send(message('tools/list')));
    await this.#token();
  }

  /** Calls a tool, and asks for what a 403 says. */
  async call(name: string): Promise<CallOutcome> {
    const call = message('tools/call', { name, arguments: {} });
    let response = await this.#send(call, await this.#token());
    if (response.status === 403) {
      // The scopes of the challenge take the place of those before.
      const { scope = '' } = challengeOf(response);
      this.#scopes = scope.split(' ');
      response = await this.#send(call, await this.#token());
    }
    const text = await response.text();
    const body = (text === '' ? {} : JSON.parse(text)) as { result?: CallOutcome['result'] };
    return { status: response.status, result: body.result };
  }

  async #send(body: object, token?: string): Promise<Response> {
    return await post(this.url, body, token === undefined ? {} : { token });
  }

  async #discover(refused: Response): Promise<void> {
    const { scope, resource_metadata = '' } = challengeOf(refused);
    const resource = (await fetchJson(resource_metadata)) as {
      resource: string;
      authorization_servers: string[];
      scopes_supported: string[];
    };
    if (new URL(resource.resource).href !== new URL(this.url).href) throw new Error(`another resource`);
    const [issuer = ''] = resource.authorization_servers;
    const { origin, pathname } = new URL(issuer);
    this.#metadata = (await fetchJson(
      `${origin}/.well-known/oauth-authorization-server${pathname}`,
    )) as unknown as ServerMetadata;
    this.#scopes = scope?.split(' ') ?? resource.scopes_supported;
    this.clientId ??= this.#metadata.client_id_metadata_document_supported
      ? DOCUMENT
      : await register(this.#metadata, resource.scopes_supported);
  }

  async #token(): Promise<string> {
    const scope = this.#scopes.join(' ');
    const known = this.#tokens.get(scope);
    if (known !== undefined) return known;
    if (!this.#metadata || this.clientId === undefined)
      throw new Error('the client has not been told where to sign in');
    const verifier = randomBytes(48).toString('base64url');
    const state = randomBytes(16).toString('base64');
    const address = new URL(this.#metadata.authorization_endpoint);
    address.search = new URLSearchParams({
      client_id: this.clientId,
      response_type: 'code',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      scope,
      resource: this.url,
      redirect_uri: this.redirectUri,
      state,
    }).toString();
    this.requests.push(address.searchParams);
    const { searchParams } = await this.user.signIn(address);
    if (searchParams.get('state') !== state) throw new Error('the response belongs to another request');
    const code = searchParams.get('code');
    if (code === null) throw new Error(`no code: ${searchParams}`);
    const answer = await fetchJson(this.#metadata.token_endpoint, {
      method: 'POST',
      body: new URLSearchParams({
        client_id: this.clientId,
        grant_type: 'authorization_code',
        code,
        redirect_uri: this.redirectUri,
        code_verifier: verifier,
        resource: this.url,
      }),
    });
    const token = String(answer.access_token);
    keepSecret(token);
    this.#tokens.set(scope, token);
    return token;
  }
}

/** Registers VS Code as it registers itself. */
export async function register(
  metadata: Pick<ServerMetadata, 'registration_endpoint'>,
  scopes: readonly string[],
): Promise<string> {
  const { client_id } = await fetchJson(metadata.registration_endpoint ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...REGISTRATION, scope: scopes.join(' ') }),
  });
  return String(client_id);
}

async function fetchJson(url: string, init: RequestInit = {}): Promise<Record<string, unknown>> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url}: ${response.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

function challengeOf({ headers }: Response): Partial<Record<string, string>> {
  const parameters = (headers.get('www-authenticate') ?? '').matchAll(/([a-z_]+)="([^"]*)"/g);
  return Object.fromEntries([...parameters].map(([, name, value]) => [name, value]));
}
