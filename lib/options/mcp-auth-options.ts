import type { ClientAuth } from 'openid-client';

/** How the MCP server presents itself to clients (`serverInfo` of the MCP schema). */
export interface ServerOptions {
  /** Programmatic name. */
  name: string;
  /** Version of the server, for example the one in `package.json`. */
  version: string;
  /** Name for people; also `resource_name` in the RFC 9728 document. Defaults to `name`. */
  title?: string;
  /** Hints for the model on how to use the server. */
  instructions?: string;
}

/** An authorization server whose access tokens are accepted. */
export interface IssuerOptions {
  /**
   * Issuer identifier, exactly as the authorization server spells it in its metadata and in the `iss` claim.
   * Endpoints and keys are found from it: RFC 8414 first, then OpenID Connect Discovery.
   */
  issuer: string;
}

/** The MCP server's own registration at the authorization server: who it is when it exchanges tokens. */
export interface ClientOptions {
  /** `client_id`. */
  id: string;
  /**
   * The issuer where the client is registered: its credentials go there and nowhere else. Required where there are
   * several `issuers`; callers of the others cannot be acted for.
   */
  issuer?: string;
  /**
   * How the client authenticates at the token endpoint: {@link clientSecretBasic}, {@link clientSecretPost}, or any
   * `ClientAuth` of `openid-client`, for example `PrivateKeyJwt(key)`.
   */
  authentication: ClientAuth;
}

/** An API that tools call on behalf of the user. At least one of `audience` and `resource` is required. */
export interface DownstreamOptions {
  /** Absolute URL that every call stays under. The exchanged token goes to its origin and nowhere else. */
  baseUrl: string;
  /** Logical name of the API at the authorization server (RFC 8693 section 2.1, `audience`). */
  audience?: string;
  /** URI of the API at the authorization server (RFC 8693 section 2.1, `resource`). */
  resource?: string;
  /** Scopes to ask for. Ask for what the tools need; without them the authorization server decides. */
  scopes?: string[];
}

/** What `McpAuthModule.forRoot()` takes. */
export interface McpAuthModuleOptions {
  /** How the MCP server presents itself. */
  server: ServerOptions;
  /**
   * Canonical URI of the MCP server (RFC 8707): the URL clients use, the expected audience of every token, and, by its
   * path, where the endpoint is mounted.
   */
  resource: string;
  /** Authorization servers whose tokens are accepted. Required unless `anonymous` is `true`. */
  issuers?: IssuerOptions[];
  /** The server's own client registration. Required when there are `downstreams`. */
  client?: ClientOptions;
  /** The APIs that tools may declare, by name. */
  downstreams?: Record<string, DownstreamOptions>;
  /**
   * Scopes a client should start with: `scopes_supported` of the RFC 9728 document and `scope` of a challenge that no
   * particular tool caused. Defaults to the scopes of the tools declared read-only, else to all declared scopes.
   */
  initialScopes?: string[];
  /**
   * What `tools/list` shows: `'all'` tools, so that a client can step up to them, or only those `'permitted'` by the
   * caller's scopes. Defaults to `'all'`.
   */
  list?: 'all' | 'permitted';
  /** Gives up authentication: every request is served, from anyone. Only without `issuers`, scopes and downstreams. */
  anonymous?: boolean;
}

/** A class that makes the options, for `forRootAsync({ useClass })` and `forRootAsync({ useExisting })`. */
export interface McpAuthOptionsFactory {
  createMcpAuthOptions(): McpAuthModuleOptions | Promise<McpAuthModuleOptions>;
}

/** A downstream as the package uses it. */
export interface ResolvedDownstream {
  readonly name: string;
  readonly baseUrl: URL;
  readonly audience: string | undefined;
  readonly resource: string | undefined;
  readonly scopes: readonly string[];
}

/** The options after validation, with everything derived from `resource` worked out once. */
export class ResolvedOptions {
  readonly server: ServerOptions;
  /** As the user wrote it: RFC 9728 `resource`. */
  readonly resource: string;
  /** Values of `aud` that mean this server. */
  readonly audiences: readonly string[];
  /** Path of the endpoint, without a trailing slash; empty at the root. */
  readonly path: string;
  /** Address of the RFC 9728 document, as it stands in challenges. */
  readonly resourceMetadataUrl: string;
  readonly issuers: readonly string[];
  readonly client: ClientOptions | undefined;
  readonly downstreams: ReadonlyMap<string, ResolvedDownstream>;
  readonly initialScopes: readonly string[] | undefined;
  readonly list: 'all' | 'permitted';
  readonly anonymous: boolean;

  constructor(options: McpAuthModuleOptions) {
    const url = new URL(options.resource);
    const atRoot = url.pathname === '/';
    this.server = options.server;
    this.resource = options.resource;
    // RFC 3986 section 6.2.3: an empty path and "/" are the same, and clients send either as `resource`.
    this.audiences = atRoot ? [url.origin, `${url.origin}/`] : [options.resource];
    this.path = atRoot ? '' : url.pathname;
    this.resourceMetadataUrl = `${url.origin}/.well-known/oauth-protected-resource${this.path}`;
    this.issuers = (options.issuers ?? []).map(({ issuer }) => issuer);
    this.client = options.client;
    this.downstreams = new Map(
      Object.entries(options.downstreams ?? {}).map(([name, { baseUrl, audience, resource, scopes = [] }]) => [
        name,
        { name, baseUrl: withTrailingSlash(new URL(baseUrl)), audience, resource, scopes },
      ]),
    );
    this.initialScopes = options.initialScopes;
    this.list = options.list ?? 'all';
    this.anonymous = options.anonymous ?? false;
  }
}

function withTrailingSlash(url: URL): URL {
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
