import {
  Client,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  type AuthorizationServerMetadata,
} from '@modelcontextprotocol/client';
import { HttpTrace } from './http-trace.js';
import { OAuthClient } from './oauth-client.js';
import { ScriptlessBrowser } from './scriptless-browser.js';
import { signIn } from './sign-in.js';

/** An MCP client and its user, who signs in whenever the client is sent away for authorization. */
export class McpClient {
  readonly trace = new HttpTrace();

  private readonly oauthClient = new OAuthClient();
  private readonly browser = new ScriptlessBrowser();
  private client: Client;
  private transport: StreamableHTTPClientTransport;

  constructor(
    private readonly url: URL,
    readonly username: string,
  ) {
    [this.client, this.transport] = this.disconnected();
  }

  get accessToken(): string {
    const tokens = this.oauthClient.tokens();
    if (!tokens) throw new Error('the client has no access token');
    return tokens.access_token;
  }

  get serverMetadata(): AuthorizationServerMetadata {
    const metadata = this.oauthClient.discoveryState()?.authorizationServerMetadata;
    if (!metadata) throw new Error('the client has not found the authorization server');
    return metadata;
  }

  async connect(): Promise<void> {
    [this.client, this.transport] = this.disconnected();
    await this.client.connect(this.transport);
  }

  async close(): Promise<void> {
    await this.client.close();
  }

  async callTool(name: string, input: Record<string, unknown>): Promise<string> {
    const { content, isError } = await this.client.callTool({ name, arguments: input });
    const text = content.map((block) => (block.type === 'text' ? block.text : block.type)).join(' ');
    if (isError) throw new Error(`the tool answered: ${text}`);
    return text;
  }

  /** Signs the user in at the address that the authorization server gave the client, and approves. */
  async signIn(): Promise<URL> {
    const { authorizationUrl } = this.oauthClient;
    if (!authorizationUrl) throw new Error('the client did not send its user to sign in');
    const { username, browser } = this;
    const response = await signIn(authorizationUrl, { username, browser });
    this.oauthClient.checkState(response);
    return response;
  }

  async redeemCode(authorizationResponse: URL): Promise<void> {
    await this.transport.finishAuth(authorizationResponse.searchParams);
  }

  private disconnected(): [Client, StreamableHTTPClientTransport] {
    return [
      new Client({ name: 'walkthrough', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } }),
      new StreamableHTTPClientTransport(this.url, { authProvider: this.oauthClient, fetch: this.trace.fetch }),
    ];
  }
}

/** Waits for an attempt to end where the client needs its user to authorize it. */
export async function authorizationNeeded(attempt: Promise<unknown>): Promise<void> {
  const error = await attempt.then(
    () => new Error('the request was served without authorization'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof UnauthorizedError)) throw error;
}
