import { DpopKey } from '../dialects/dpop-key.js';
import type { ExchangeDialect, ExchangeTarget } from '../dialects/dialect.js';
import { rfc8693 } from '../dialects/rfc8693.js';
import { resolveDownstreamHttp, type ResolvedDownstreamHttp } from './downstream-http-options.js';
import type { DownstreamOptions } from './downstream-options.js';
import { LINKED, resolveLinkedAccount, type ResolvedLinkedAccount } from './linked-account-options.js';

/** A downstream as the package uses it. */
export interface ResolvedDownstream extends ExchangeTarget {
  /** With a slash at its end. */
  readonly baseUrl: URL;
  readonly dialect: ExchangeDialect;
  readonly onAppOnly: 'deny' | 'clientCredentials';
  readonly scopeMap: ReadonlyMap<string, readonly string[]>;
  readonly consentUrl: string | undefined;
  readonly cacheBy: 'token' | 'session';
  /** Where users link accounts, and no token is exchanged. */
  readonly linked: ResolvedLinkedAccount | undefined;
  /** What exchanged tokens are bound to. */
  readonly dpop: DpopKey | undefined;
  readonly http: ResolvedDownstreamHttp;
}

/** What is exchanged for, and how. */
export function exchangeTarget(
  name: string,
  {
    audience,
    resource,
    scopes = [],
    parameters = {},
    linked,
    dialect = linked ? LINKED : rfc8693(),
  }: DownstreamOptions,
): ExchangeTarget & Pick<ResolvedDownstream, 'dialect'> {
  return { name, audience, resource, scopes, parameters, dialect };
}

/** Fills in the defaults of a downstream. */
export function resolveDownstream(name: string, options: DownstreamOptions): ResolvedDownstream {
  const { baseUrl, onAppOnly = 'deny', scopeMap = {}, consentUrl, cacheBy = 'token', linked, dpop, http } = options;
  return {
    ...exchangeTarget(name, options),
    baseUrl: withTrailingSlash(new URL(baseUrl)),
    onAppOnly,
    scopeMap: new Map(Object.entries(scopeMap)),
    consentUrl,
    cacheBy,
    linked: linked && resolveLinkedAccount(name, linked),
    dpop: dpop && new DpopKey(dpop === true ? undefined : dpop.keyPair),
    http: resolveDownstreamHttp(http),
  };
}

function withTrailingSlash(url: URL): URL {
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
