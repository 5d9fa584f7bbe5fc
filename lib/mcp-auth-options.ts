import type { Type } from '@nestjs/common';
import type { Icon } from '@modelcontextprotocol/server';
import type { Policy } from './resource-server/access/policy.js';
import type { ScopeImplications } from './resource-server/access/scope-hierarchy.js';
import type { ClientAuthentication } from './resource-server/clients/client-authentication.js';
import type { AuditSink } from './observability/audit-sink.js';
import type { BackChannelLogoutOptions } from './entry/logout/logout-options.js';
import type { DownstreamOptions } from './on-behalf-of/options/downstream-options.js';
import type { EndpointOptions } from './entry/endpoint/endpoint-options.js';
import type { IssuerOptions } from './resource-server/issuers/issuer-options.js';
import type { LinkingOptions } from './on-behalf-of/options/linked-account-options.js';
import type { DpopOptions, MutualTlsOptions } from './resource-server/authentication/proof-options.js';
import type { MessageBus } from './replicas/message-bus.js';
import type { DownstreamName } from './resource-server/access/register.js';
import type { RequestStateOptions } from './mcp/invocation/request-state-options.js';
import type { TokenCacheOptions } from './replicas/token-cache-options.js';

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
  /** Pictures for people (MCP schema, `Icon`). */
  icons?: readonly Icon[];
  /** Address of a page about the server. */
  websiteUrl?: string;
}

/** The MCP server's own registration at the authorization server: who it is when it exchanges tokens. */
export interface ClientOptions {
  /** `client_id`. */
  id: string;
  /**
   * The issuer where the client is registered: its credentials go there and nowhere else. Required where there are
   * several `issuers`; callers of those without a client cannot be acted for.
   */
  issuer?: string;
  /**
   * How the client authenticates at the token endpoint: {@link clientSecretBasic}, {@link clientSecretPost}, or any
   * `ClientAuth` of `openid-client`, for example `PrivateKeyJwt(key)`.
   */
  authentication: ClientAuthentication;
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
  /** The server's own client registration, or one for each issuer. Required when there are `downstreams`. */
  client?: ClientOptions | readonly ClientOptions[];
  /** The APIs that tools, resources and prompts may declare, by name. */
  downstreams?: string extends DownstreamName
    ? Record<string, DownstreamOptions>
    : Partial<Readonly<Record<DownstreamName, DownstreamOptions>>>;
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
  /**
   * Which scopes a broader scope implies: `{ 'orders:admin': ['orders:write'], 'orders:write': ['orders:read'] }`, or a
   * function. Holds over several steps.
   */
  scopeHierarchy?: ScopeImplications;
  /**
   * What a 403 asks for: the scopes of the `'operation'`, as the specification of 2026-07-28 has it, or their `'union'`
   * with those that the caller holds, for older clients that would lose them. Defaults to `'operation'`.
   */
  challenge?: 'operation' | 'union';
  /** Policies that every tool is subject to, in this order, before those of {@link UsePolicy}. */
  policies?: readonly Type<Policy>[];
  /** Whether tools may be called with tokens that stand for no user. A tool's own `appOnly` comes first. Defaults to `'allow'`. */
  appOnly?: 'allow' | 'deny';
  /** Accepts tokens that are bound to a key of the client's (DPoP, RFC 9449). Without it they are refused. */
  dpop?: DpopOptions;
  /** Accepts tokens that are bound to a certificate of the client's (RFC 8705). Without it they are refused. */
  mutualTls?: MutualTlsOptions;
  /** Who may send requests to the endpoint at all. */
  endpoint?: EndpointOptions;
  /** Where exchanged tokens are kept. Defaults to the memory of this process. */
  tokenCache?: TokenCacheOptions;
  /** Lets issuers say that a user has signed out (OpenID Connect Back-Channel Logout 1.0). Without it there is no such endpoint. */
  backChannelLogout?: BackChannelLogoutOptions;
  /** How users sign in before they link an account, where there are downstreams with `linked`. Defaults to `client`, and `sub`. */
  linking?: LinkingOptions;
  /** Where audit events go: an object, or a class that the application provides. Defaults to Nest's logger. */
  auditSink?: AuditSink | Type<AuditSink>;
  /**
   * Whether the configuration and the issuers are looked over after the application has started, beside its work, and what
   * is wrong is logged with its fix. Defaults to `true`.
   */
  doctor?: boolean;
  /** Milliseconds after which a call is given up, where what is called says nothing of it. Defaults to none. */
  timeout?: number;
  /** Milliseconds for which calls may go on when the application stops. Defaults to 10 000. */
  shutdownGrace?: number;
  /**
   * Milliseconds for which clients may keep lists without asking again (`ttlMs`; MCP specification 2026-07-28, Caching).
   * Those that listen for changes hear of them before. Defaults to 300 000.
   */
  listTtl?: number;
  /** Entries of a page of `tools/list` and the other lists. Defaults to 500. */
  pageSize?: number;
  /** How calls that ask the client remember what was said before. */
  requestState?: RequestStateOptions;
  /**
   * Carries notifications, and what clients say to another replica, between the replicas of the server: {@link redisBus}.
   * Defaults to none: there is one replica.
   */
  bus?: MessageBus;
  /** Gives up authentication: every request is served, from anyone. Only without `issuers`, scopes and downstreams. */
  anonymous?: boolean;
}

/** A class that makes the options, for `forRootAsync({ useClass })` and `forRootAsync({ useExisting })`. */
export interface McpAuthOptionsFactory {
  createMcpAuthOptions(): McpAuthModuleOptions | Promise<McpAuthModuleOptions>;
}
