import {
  Client,
  StreamableHTTPClientTransport,
  type OAuthClientMetadata,
  type StoredOAuthTokens,
} from '@modelcontextprotocol/client';
import type { Exchange } from '../../sample/quickstart/walkthrough/http-trace.js';
import { authorizationNeeded } from '../../sample/quickstart/walkthrough/mcp-client.js';
import { OAuthClient } from '../../sample/quickstart/walkthrough/oauth-client.js';
import type { ToolResult } from '../support/mcp-request.js';
import { keepSecret } from '../support/secret-watch.js';
import type { Realm } from './realm.js';
import type { User } from './user.js';

/** Forgets tokens that the realm does not honour any more. */
class Credentials extends OAuthClient {
  override readonly clientMetadata: OAuthClientMetadata;
  #areForgotten = false;

  /** @param scope - what the client names when it registers itself */
  constructor(scope: string | undefined) {
    super();
    this.clientMetadata = { ...new OAuthClient().clientMetadata, ...(scope !== undefined && { scope }) };
  }

  invalidateCredentials(): void {
    this.#areForgotten = true;
  }

  override tokens(): StoredOAuthTokens | undefined {
    return this.#areForgotten ? undefined : super.tokens();
  }

  override saveTokens(tokens: StoredOAuthTokens): void {
    this.#areForgotten = false;
    super.saveTokens(tokens);
  }
}

/** The SDK's own client with its OAuth, and the user in front of it. */
export class McpClient {
  /** What the client sent, and how it was answered. */
  readonly requests: Exchange[] = [];
  readonly #oauth: Credentials;
  #client: Client;
  #transport: StreamableHTTPClientTransport;

  /**
   * @param registration - where an administrator registered it, or the scope that it names; else it registers itself
   * @param mode - the eras of the protocol that it speaks
   * @param send - how its requests reach the server
   */
  constructor(
    private readonly url: URL,
    private readonly user: User,
    registration?: { readonly clientId: string; readonly realm: Realm } | { readonly scope: string },
    private readonly mode: 'auto' | 'legacy' = 'auto',
    private readonly send: (url: string | URL, init: RequestInit) => Promise<Response> = fetch,
  ) {
    this.#oauth = new Credentials(registration && 'scope' in registration ? registration.scope : undefined);
    if (registration && 'clientId' in registration) {
      const { clientId, realm } = registration;
      this.#oauth.saveClientInformation({ client_id: clientId, issuer: realm.issuer });
    }
    [this.#client, this.#transport] = this.#disconnected();
  }

  get clientId(): string {
    return this.#oauth.clientInformation()?.client_id ?? '';
  }

  get accessToken(): string {
    return this.#oauth.tokens()?.access_token ?? '';
  }

  /** Connects for the first time, which takes a sign-in. */
  async connect(): Promise<void> {
    await this.signInFor(() => this.#client.connect(this.#transport));
    [this.#client, this.#transport] = this.#disconnected();
    await this.#client.connect(this.#transport);
  }

  /** Sends the user to sign in, as an attempt of the client demands. */
  async signInFor(attempt: () => Promise<unknown>): Promise<void> {
    await authorizationNeeded(attempt());
    const { authorizationUrl } = this.#oauth;
    if (!authorizationUrl) throw new Error('the client did not send its user to sign in');
    const response = await this.user.signIn(authorizationUrl);
    this.#oauth.checkState(response);
    await this.#transport.finishAuth(response.searchParams);
    keepSecret(this.accessToken);
  }

  /** Of the protocol, as it was agreed upon. */
  get revision(): string | undefined {
    return this.#client.getNegotiatedProtocolVersion();
  }

  async listTools(): Promise<string[]> {
    return (await this.#client.listTools()).tools.map(({ name }) => name);
  }

  async call(name: string, args: Record<string, unknown> = {}): Promise<ToolResult> {
    return (await this.#client.callTool({ name, arguments: args })) as ToolResult;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #disconnected(): [Client, StreamableHTTPClientTransport] {
    return [
      new Client({ name: 'assistant', version: '1.0.0' }, { versionNegotiation: { mode: this.mode } }),
      new StreamableHTTPClientTransport(this.url, { authProvider: this.#oauth, fetch: this.#fetch }),
    ];
  }

  readonly #fetch = async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    const response = await this.send(url, init);
    const { status, headers } = response;
    const withToken = new Headers(init.headers).has('authorization');
    this.requests.push({ method: init.method ?? 'GET', url: new URL(url), withToken, status, headers });
    return response;
  };
}
