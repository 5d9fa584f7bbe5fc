import { Injectable, type INestApplication, type Provider } from '@nestjs/common';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import {
  clientSecretBasic,
  DownstreamClient,
  LinkedAccounts,
  McpAuthModule,
  McpTool,
  type DownstreamOptions,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import { listen } from '../support/listen.js';
import { message, post } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type Platform, type TestApplication } from '../support/test-application.js';
import { sendJson } from '../support/test-issuer.js';
import { keepSecret } from '../support/secret-watch.js';
import { UserAuthorizationServer } from './user-authorization-server.js';

/** Told by clients that open pages. */
export const OPENS_PAGES = { elicitation: { url: {} } };

@Injectable()
export class ContactTools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'The contacts of the user', downstream: 'crm' })
  contacts() {
    return this.downstream.json('/contacts');
  }

  @McpTool({ description: 'The same, lazily', downstream: 'crm', exchange: 'lazy' })
  lazyContacts() {
    return this.downstream.json('/contacts');
  }
}

export interface CallAnswer {
  readonly status: number;
  readonly challenge: string | null;
  readonly result:
    | {
        readonly resultType?: string;
        readonly inputRequests?: {
          readonly page?: { readonly params: { readonly url: string; readonly message: string } };
        };
        readonly structuredContent?: Record<string, unknown>;
        readonly isError?: boolean;
        readonly content?: readonly { readonly text: string }[];
        readonly _meta?: Record<string, unknown>;
      }
    | undefined;
  readonly text: string;
}

export interface LinkedServerParts {
  readonly platform?: Platform;
  readonly linked?: Partial<NonNullable<DownstreamOptions['linked']>>;
  readonly crm?: Partial<DownstreamOptions>;
  /** Besides `crm`. */
  readonly downstreams?: Record<string, DownstreamOptions>;
  /** With tools, besides those of the contacts. */
  readonly providers?: Provider[];
  readonly options?: Partial<McpAuthModuleOptions>;
  /** Called before the application initialises. */
  readonly configure?: (app: INestApplication) => void;
}

/** The provider of the enterprise, a partner with an authorization server of its own, and the partner's API. */
export class Parties {
  /** Requests that the API refuses from now on. */
  refusals = 0;
  readonly #seen = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #closing: (() => Promise<void>)[] = [];

  private constructor(
    readonly enterprise: UserAuthorizationServer,
    readonly partner: UserAuthorizationServer,
    readonly api: string,
  ) {
    this.#closing.push(
      () => enterprise.close(),
      () => partner.close(),
    );
  }

  /** @param hosts - of the two authorization servers. Browsers tell cookies apart by them */
  static async start(hosts: readonly [string, string] = ['127.0.0.1', 'localhost']): Promise<Parties> {
    const [enterprise, partner, listener] = await Promise.all([
      UserAuthorizationServer.start(hosts[0]),
      UserAuthorizationServer.start(hosts[1]),
      listen(),
    ]);
    const parties = new Parties(enterprise, partner, listener.origin);
    parties.#closing.push(() => listener.close());
    const keys = createRemoteJWKSet(new URL(`${partner.issuer}/jwks`));
    listener.server.on('request', (request, response) => {
      const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
      if (token) keepSecret(token);
      parties.#seen.add(token);
      if (parties.refusals > 0 || parties.#refused.has(token)) {
        parties.refusals = Math.max(0, parties.refusals - 1);
        sendJson(response.setHeader('www-authenticate', 'Bearer error="invalid_token"'), 401, {});
        return;
      }
      jwtVerify(token, keys, { issuer: partner.issuer, audience: listener.origin }).then(
        ({ payload }) => {
          sendJson(response, 200, { of: payload.sub, scope: payload.scope });
        },
        () => {
          sendJson(response, 401, {});
        },
      );
    });
    return parties;
  }

  /** Tokens that the API has seen so far. */
  get seen(): ReadonlySet<string> {
    return this.#seen;
  }

  /** The API takes none of the tokens any more that it has seen so far. */
  refuseSeen(): void {
    for (const token of this.#seen) this.#refused.add(token);
  }

  /** An MCP server between them. */
  async serve(parts: LinkedServerParts = {}): Promise<LinkedServer> {
    const server = await this.#start(parts);
    await this.enterprise.register({
      id: 'mcp-server',
      secret: 'mcp-server-secret',
      redirectUri: `${server.resource}/link/callback`,
    });
    await this.partner.register({
      id: 'mcp-at-partner',
      secret: 'mcp-at-partner-secret',
      redirectUri: `${server.resource}/link/callback/crm`,
    });
    return server;
  }

  /** Another process of the same server, as far as that can be had in one. */
  async replicaOf(server: LinkedServer, parts: LinkedServerParts): Promise<LinkedServer> {
    const { options } = parts;
    const allowedHosts = 'any';
    const endpoint = { allowedHosts } as const;
    return await this.#start({ ...parts, options: { endpoint, ...options, resource: server.resource } });
  }

  async #start(parts: LinkedServerParts): Promise<LinkedServer> {
    const { platform, linked = {}, crm = {}, downstreams = {}, providers = [], options = {}, configure } = parts;
    const application = await startApplication({
      ...(platform && { platform }),
      imports: (origin) => [
        McpAuthModule.forRoot(
          optionsFor(origin, this.enterprise.issuer, {
            issuers: [{ issuer: this.enterprise.issuer }],
            client: { id: 'mcp-server', authentication: clientSecretBasic('mcp-server-secret') },
            downstreams: {
              crm: {
                baseUrl: this.api,
                resource: this.api,
                scopes: ['contacts:read'],
                linked: {
                  issuer: this.partner.issuer,
                  client: { id: 'mcp-at-partner', authentication: clientSecretBasic('mcp-at-partner-secret') },
                  title: 'Partner <CRM>',
                  ...linked,
                },
                ...crm,
              },
              ...downstreams,
            },
            ...options,
          }),
        ),
      ],
      ...(configure && { configure }),
      providers: [ContactTools, ...providers],
    });
    const server = new LinkedServer(application, this, options.resource ?? `${application.origin}/mcp`);
    this.#closing.unshift(() => server.close());
    return server;
  }

  async close(): Promise<void> {
    for (const close of this.#closing.splice(0)) await close();
  }
}

export class LinkedServer {
  readonly #tokens = new Map<string, Promise<string>>();
  #isOpen = true;

  constructor(
    private readonly application: TestApplication,
    private readonly parties: Parties,
    readonly resource: string,
  ) {}

  /** Where it really is. */
  get origin(): string {
    return this.application.origin;
  }

  get log() {
    return this.application.log;
  }

  get accounts(): LinkedAccounts {
    return this.application.app.get(LinkedAccounts);
  }

  get<Type>(type: new (...args: never[]) => Type): Type {
    return this.application.app.get(type);
  }

  /** A user's token for this server. */
  async tokenOf(username: string): Promise<string> {
    let token = this.#tokens.get(username);
    if (!token) {
      token = this.parties.enterprise.tokenOf(username, this.resource);
      this.#tokens.set(username, token);
    }
    return await token;
  }

  async call(
    username: string,
    { capabilities = OPENS_PAGES, inputResponses, tool = 'contacts' }: CallParts = {},
  ): Promise<CallAnswer> {
    return await this.callWith(await this.tokenOf(username), { capabilities, inputResponses, tool });
  }

  async callWith(
    token: string,
    { capabilities = OPENS_PAGES, inputResponses, tool = 'contacts' }: CallParts = {},
  ): Promise<CallAnswer> {
    const body = message('tools/call', { name: tool, arguments: {}, ...(inputResponses && { inputResponses }) });
    const { _meta } = body.params as { _meta: Record<string, unknown> };
    _meta['io.modelcontextprotocol/clientCapabilities'] = capabilities;
    const response = await post(`${this.origin}/mcp`, body, { token });
    const text = await response.text();
    const { result } = JSON.parse(text) as Pick<CallAnswer, 'result'>;
    return { status: response.status, challenge: response.headers.get('www-authenticate'), result, text };
  }

  /** The address of the page that a user is asked to open. */
  async pageFor(username: string): Promise<string> {
    const { result, text } = await this.call(username);
    const url = result?.inputRequests?.page?.params.url;
    if (url === undefined) throw new Error(`No page: ${text}`);
    return url;
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.application.close();
  }
}

interface CallParts {
  readonly capabilities?: object;
  readonly inputResponses?: object | undefined;
  readonly tool?: string;
}
