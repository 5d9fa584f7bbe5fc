import { DpopKey } from '../dialects/dpop-key.js';
import type { ExchangeDialect, ExchangeTarget } from '../dialects/dialect.js';
import { rfc8693 } from '../dialects/rfc8693.js';
import { resolveDownstreamHttp, type ResolvedDownstreamHttp } from './downstream-http-options.js';
import type { OwnClient } from '../../resource-server/clients/own-clients.js';
import type { ResolvedIssuer } from '../../resource-server/issuers/resolved-issuer.js';
import type { DownstreamOptions, ExchangeOptions } from './downstream-options.js';
import { LINKED, resolveLinkedAccount, type ResolvedLinkedAccount } from './linked-account-options.js';

/** A downstream as the package uses it. */
export interface ResolvedDownstream extends ExchangeTarget {
  /** Its name in messages: `downstreams.orders`. */
  readonly option: string;
  /** Ends with a slash. */
  readonly baseUrl: URL;
  readonly dialect: ExchangeDialect;
  readonly onAppOnly: 'deny' | 'clientCredentials';
  readonly scopeMap: ReadonlyMap<string, readonly string[]>;
  readonly consentUrl: string | undefined;
  readonly cacheBy: 'token' | 'session';
  /** Set if users link accounts. No token is exchanged then. */
  readonly linked: ResolvedLinkedAccount | undefined;
  /** The key that exchanged tokens are bound to. */
  readonly dpop: DpopKey | undefined;
  readonly http: ResolvedDownstreamHttp;
  /** For callers of issuers with their own options, by issuer. The downstream itself is for callers of all others. */
  readonly byIssuer: ReadonlyMap<string, ResolvedDownstream>;
}

/** An issuer, by its own identifier and by the template that its tenants share. */
type IssuerNames = Pick<ResolvedIssuer, 'identifier' | 'template'>;

/** The downstream as callers of an issuer reach it. */
export function selectDownstream(
  downstream: ResolvedDownstream,
  { identifier, template }: IssuerNames,
): ResolvedDownstream {
  const { byIssuer } = downstream;
  return byIssuer.get(identifier) ?? byIssuer.get(template) ?? downstream;
}

/** All forms of a downstream, for callers of any issuer. */
export function listForms(downstream: ResolvedDownstream): readonly ResolvedDownstream[] {
  return [downstream, ...downstream.byIssuer.values()];
}

/** Target and dialect of the exchange. */
export function resolveExchangeTarget(
  name: string,
  {
    audience,
    resource,
    scopes = [],
    parameters = {},
    linked,
    dialect = linked ? LINKED : rfc8693(),
  }: ExchangeOptions & Pick<DownstreamOptions, 'linked'>,
): ExchangeTarget & Pick<ResolvedDownstream, 'dialect'> {
  return { name, audience, resource, scopes, parameters, dialect };
}

/** Fills in the defaults of a downstream. */
export function resolveDownstream(name: string, options: DownstreamOptions): ResolvedDownstream {
  const { baseUrl, byIssuer = {}, cacheBy = 'token', linked, dpop, http } = options;
  const common = {
    baseUrl: addTrailingSlash(new URL(baseUrl)),
    cacheBy,
    linked: linked && resolveLinkedAccount(name, linked),
    dpop: dpop && new DpopKey(dpop === true ? undefined : dpop.keyPair),
    http: resolveDownstreamHttp(http),
    byIssuer: new Map<string, ResolvedDownstream>(),
  };
  return {
    ...common,
    ...resolveExchange(name, options),
    option: `downstreams.${name}`,
    byIssuer: new Map(
      Object.entries(byIssuer).map(([issuer, one]) => [
        issuer,
        { ...common, ...resolveExchange(name, one), option: `downstreams.${name}.byIssuer.${issuer}` },
      ]),
    ),
  };
}

function resolveExchange(
  name: string,
  options: ExchangeOptions & Pick<DownstreamOptions, 'linked'>,
): Omit<ResolvedDownstream, 'option' | 'baseUrl' | 'cacheBy' | 'linked' | 'dpop' | 'http' | 'byIssuer'> {
  const { onAppOnly = 'deny', scopeMap = {}, consentUrl } = options;
  return {
    ...resolveExchangeTarget(name, options),
    onAppOnly,
    scopeMap: new Map(Object.entries(scopeMap)),
    consentUrl,
  };
}

function addTrailingSlash(url: URL): URL {
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    /** By name. */
    readonly downstreams: ReadonlyMap<string, ResolvedDownstream>;
  }
}

/** Fills in the defaults of all downstreams. */
export function resolveDownstreams(
  options: Readonly<Record<string, DownstreamOptions>> = {},
): ReadonlyMap<string, ResolvedDownstream> {
  return new Map(Object.entries(options).map(([name, one]) => [name, resolveDownstream(name, one)]));
}

/** The clients that the server is at authorization servers of downstreams. */
export function listDownstreamClients(downstreams: ReadonlyMap<string, ResolvedDownstream>): readonly OwnClient[] {
  const all = [...downstreams.values()].flatMap((one) => [one, ...one.byIssuer.values()]);
  return all.flatMap(({ dialect, linked }) =>
    [dialect.foreign?.authorizationServer, linked].flatMap((server) =>
      server?.issuer === undefined ? [] : [{ issuer: server.issuer, id: server.client.id }],
    ),
  );
}
