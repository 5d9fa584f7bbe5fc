import type { EndpointOptions } from '../entry/endpoint/endpoint-options.js';
import type { LogoutOptions } from '../entry/logout/logout-options.js';
import type { LimitOptions } from '../limits/limit-options.js';
import type { CallOptions } from '../mcp/invocation/call-options.js';
import type { ObservabilityOptions } from '../observability/observability-options.js';
import type { DownstreamOptions } from '../on-behalf-of/options/downstream-options.js';
import type { LinkingOptions } from '../on-behalf-of/options/linked-account-options.js';
import type { TokenCacheOptions } from '../on-behalf-of/token-cache/token-cache-options.js';
import type { ServerOptions } from '../options/server-options.js';
import type { ReplicaOptions } from '../replicas/replica-options.js';
import type { DownstreamName } from '../options/register.js';
import type { ScopeOptions } from '../resource-server/access/scope-options.js';
import type { ServerAccessOptions } from '../resource-server/access/server-access-options.js';
import type { ProofOptions } from '../resource-server/authentication/proof-options.js';
import type { ListOptions } from '../resource-server/catalogue/list-options.js';
import type { MetadataOptions } from '../resource-server/challenges/metadata-options.js';
import type { IssuerClientRegistration } from '../resource-server/clients/client-registration.js';
import type { IssuerResolverOptions } from '../resource-server/issuers/issuer-resolver-options.js';
import type { IssuerOptions } from '../resource-server/issuers/issuer-options.js';

/** What `McpAuthModule.forRoot()` takes. Each time in it is in milliseconds, and its name ends with `Ms`. */
export interface McpAuthModuleOptions {
  /** How the MCP server presents itself. */
  server: ServerOptions;
  /**
   * `'strict'` sets what RFC 9068 and the FAPI 2.0 Security Profile demand of resource servers, and stops the boot for
   * options that contradict it: `typ` is `at+jwt`; `client_id`, `iat` and `jti` are there; signatures are PS256, ES256 or
   * EdDSA; tokens are bound (DPoP or mTLS), with a replay store; the server authenticates with `private_key_jwt` or a
   * certificate. Defaults to none.
   */
  profile?: 'strict';
  /**
   * Canonical URI of the MCP server (RFC 8707): the URL clients use, the expected audience of every token, and, by its
   * path, where the endpoint is mounted.
   */
  resource: string;
  /** What the metadata tells people about the server: pages, and its name in their language (RFC 9728 section 2). */
  metadata?: MetadataOptions;
  /** Authorization servers whose tokens are accepted. Required unless `access.anonymous` is `true`. */
  issuers?: readonly IssuerOptions[];
  /** Finds issuers that are not known at boot, such as a realm for each tenant. */
  issuerResolver?: IssuerResolverOptions;
  /** The server's own client registration, or one for each issuer. Required when there are `downstreams`. */
  client?: IssuerClientRegistration | readonly IssuerClientRegistration[];
  /** The APIs that tools, resources and prompts may declare, by name. */
  downstreams?: string extends DownstreamName
    ? Readonly<Record<string, DownstreamOptions>>
    : Partial<Readonly<Record<DownstreamName, DownstreamOptions>>>;
  /** Where the endpoint is, and who may send requests to it at all. */
  endpoint?: EndpointOptions;
  /** What clients are told about scopes, and which scopes imply others. */
  scopes?: ScopeOptions;
  /** Who may use the server at all. */
  access?: ServerAccessOptions;
  /** Tokens that are bound to a key or a certificate of the client. */
  proof?: ProofOptions;
  /** What `tools/list` and the other lists show. */
  lists?: ListOptions;
  /** How long calls may take. */
  calls?: CallOptions;
  /** How often callers may ask, and how much they may hold at once. */
  limits?: LimitOptions;
  /** What the processes of one server share. Defaults to nothing: there is one process. */
  replicas?: ReplicaOptions;
  /** How a process uses its copies of exchanged tokens. */
  tokenCache?: TokenCacheOptions;
  /** How users sign in before they link an account, for downstreams with `linked`. Defaults to `client`, and `sub`. */
  linking?: LinkingOptions;
  /** How the server learns that a user has signed out. */
  logout?: LogoutOptions;
  /** Where the server reports events. */
  observability?: ObservabilityOptions;
  /**
   * Whether the configuration and the issuers are checked in the background after the application has started. Problems
   * are logged with their fix. Defaults to `true`.
   */
  doctor?: boolean;
}

/** A class that makes the options, for `forRootAsync({ useClass })` and `forRootAsync({ useExisting })`. */
export interface McpAuthOptionsFactory {
  /** Makes the options, once, at boot. */
  createMcpAuthOptions(): McpAuthModuleOptions | Promise<McpAuthModuleOptions>;
}
