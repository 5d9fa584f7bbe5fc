import { selectDownstream } from '../on-behalf-of/options/resolved-downstream.js';
import { findOwnAuthority } from '../on-behalf-of/dialects/own-authority.js';
import type { IssuerMetadata } from '../resource-server/issuers/issuer-metadata.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { findClient, type ResolvedIssuer } from '../resource-server/issuers/resolved-issuer.js';
import type { Finding } from './finding.js';

/** The grants that a client needs for a downstream. */
export interface NeededGrants {
  /** The downstream, as the options name it. */
  readonly option: string;
  /** Name of its dialect. */
  readonly dialect: string;
  /** Values of `grant_type`. */
  readonly grantTypes: readonly string[];
}

/** Checks whether the server's own client can do at an issuer what the downstreams need. */
export function checkClient(
  issuer: ResolvedIssuer,
  metadata: IssuerMetadata,
  client: { readonly authentication: { readonly method?: string } } | undefined,
  { downstreams }: Pick<ResolvedOptions, 'downstreams'>,
): Finding[] {
  if (!client || !isExchangingAt(issuer, { downstreams })) return [];
  const { identifier } = issuer;
  const needed = [...downstreams.values()].map((downstream) => {
    const { option, dialect, onAppOnly } = selectDownstream(downstream, issuer);
    const own = onAppOnly === 'clientCredentials' && findOwnAuthority(dialect);
    const grantTypes = [...new Set([...dialect.grantTypes, ...(own ? own.grantTypes : [])])];
    return { option, dialect: dialect.name, grantTypes };
  });
  return [
    ...checkGrants(identifier, metadata, needed),
    ...checkAuthentication(identifier, metadata, client.authentication.method, 'client.authentication'),
  ];
}

/** Finds issuers whose callers' tokens cannot be exchanged. */
export function checkIssuersWithoutClient(options: ResolvedOptions): Finding[] {
  return options.issuers
    .filter((issuer) => isExchangingAt(issuer, options) && !findClient(issuer, options.clients))
    .map(({ identifier }) => ({
      code: 'issuer_without_client',
      severity: 'warning',
      subject: 'client',
      message: `\`client\` is not registered at ${identifier}, so its callers get no tokens for the downstreams.`,
      fix: `Add a client with \`issuer: "${identifier}"\`, unless its callers do not need the tools that call them.`,
    }));
}

/** Whether tokens are exchanged at an issuer for its callers. */
export function isExchangingAt(issuer: ResolvedIssuer, { downstreams }: Pick<ResolvedOptions, 'downstreams'>): boolean {
  return [...downstreams.values()]
    .map((downstream) => selectDownstream(downstream, issuer))
    .some(({ dialect, linked }) => !linked && dialect.grantTypes.length > 0);
}

/** @param server - issuer identifier of the server that has to allow the grants */
export function checkGrants(
  server: string,
  { grant_types_supported: supported }: IssuerMetadata,
  needed: readonly NeededGrants[],
): Finding[] {
  if (!supported) return [];
  return needed.flatMap(({ option, dialect, grantTypes }) =>
    grantTypes
      .filter((grant) => !supported.includes(grant))
      .map((grant): Finding => ({
        code: 'grant_type_not_advertised',
        severity: 'warning',
        subject: option,
        message: `It needs the grant ${grant}, but grant_types_supported of ${server} does not list it.`,
        fix: `Switch the grant on at the authorization server and for the client, or choose the \`dialect\` of your provider (now: ${dialect}).`,
      })),
  );
}

/**
 * @param server - issuer identifier of the server that checks the credentials
 * @param subject - the option with the credentials
 */
export function checkAuthentication(
  server: string,
  { token_endpoint_auth_methods_supported: supported }: IssuerMetadata,
  method: string | undefined,
  subject: string,
): Finding[] {
  if (!supported || method === undefined) return [];
  // The client's registration decides which of the two applies (RFC 8705 section 2).
  const names = method === 'tls_client_auth' ? [method, 'self_signed_tls_client_auth'] : [method];
  if (names.some((name) => supported.includes(name))) return [];
  return [
    {
      code: 'client_authentication_not_advertised',
      severity: 'warning',
      subject,
      message: `The client authenticates by ${method}, but token_endpoint_auth_methods_supported of ${server} does not list it (${supported.join(', ')}).`,
      fix: 'Use one of its methods, for which the client is registered, or allow this one there.',
    },
  ];
}
