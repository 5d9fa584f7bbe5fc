import type { IssuerClientRegistration } from '../../resource-server/clients/client-registration.js';
import { findClient, listNames, type NamedIssuer } from '../../resource-server/issuers/resolved-issuer.js';
import { findOwnAuthority } from '../dialects/own-authority.js';
import { EXCHANGE_OPTIONS, type DownstreamOptions, type ExchangeOptions } from './downstream-options.js';
import { resolveExchangeTarget } from './resolved-downstream.js';

const NO_OWN_AUTHORITY =
  'has `onAppOnly: "clientCredentials"`, but its dialect gets no token of the server itself that would be valid for the API. Remove it';

/** Receives a problem with an option of a downstream. An empty path means the downstream itself. */
type Fault = (path: readonly string[], message: string) => void;

/** Whether a downstream with these options needs a token of its callers' issuer. */
export function isIssuerNeeded(name: string, options: ExchangeOptions): boolean {
  const { dialect } = resolveExchangeTarget(name, options);
  return dialect.subject !== 'none' && dialect.grantTypes.length > 0;
}

/**
 * Checks that a downstream fits the issuers, and the server's clients at these issuers.
 *
 * @param name - of the downstream
 */
export function checkDownstream(
  name: string,
  options: ExchangeOptions & Pick<DownstreamOptions, 'byIssuer'>,
  issuers: readonly NamedIssuer[],
  clients: readonly IssuerClientRegistration[],
  fault: Fault,
): void {
  const { byIssuer = {} } = options;
  const names = issuers.flatMap(listNames);
  for (const [issuer, one] of Object.entries(byIssuer)) {
    const path = ['byIssuer', issuer];
    const known = names.filter(({ identifier, template }) => identifier === issuer || template === issuer);
    if (known.length === 0) fault(path, 'is not among `issuers`. Write it as it stands there');
    if (isIssuerNeeded(name, one) && known.some((each) => !findClient(each, clients))) {
      fault(path, 'needs a `client` that is registered at this issuer. Add `{ id, issuer, authentication }`');
    }
    for (const problem of findExchangeProblems(name, one)) fault(path, problem);
    for (const problem of findGrantProblems(
      name,
      one,
      issuers.filter((each) => isNamed(each, [issuer])),
    ))
      fault(path, problem);
  }
  const isForOthers = names.some(({ identifier, template }) => !(identifier in byIssuer || template in byIssuer));
  const others = issuers.filter((each) => !isNamed(each, Object.keys(byIssuer)));
  for (const problem of findGrantProblems(name, options, others)) fault([], problem);
  if (isForOthers || names.length === 0) {
    for (const problem of findExchangeProblems(name, options)) fault([], problem);
    return;
  }
  for (const option of EXCHANGE_OPTIONS.filter((one) => options[one] !== undefined)) {
    fault([option], 'has no effect, because `byIssuer` has each of `issuers`. Remove it, or one of them there');
  }
}

function isNamed(issuer: NamedIssuer, named: readonly string[]): boolean {
  return listNames(issuer).some(({ identifier, template }) => named.includes(identifier) || named.includes(template));
}

/** What issuers are known not to do. */
function findGrantProblems(name: string, options: ExchangeOptions, issuers: readonly NamedIssuer[]): readonly string[] {
  const { dialect } = resolveExchangeTarget(name, options);
  return issuers.flatMap(({ issuer, grantTypes }) => {
    const missing = grantTypes && dialect.grantTypes.filter((grant) => !grantTypes.includes(grant));
    if (!missing || missing.length === 0) return [];
    return `has the dialect ${dialect.name}, which needs the grant ${missing.join(' and ')}, but ${issuer} has only ${grantTypes.join(', ')}. Choose another dialect (docs/reference/dialects.md), or \`linked\``;
  });
}

function findExchangeProblems(name: string, options: ExchangeOptions): ReadonlySet<string> {
  const { dialect, ...target } = resolveExchangeTarget(name, options);
  const own = options.onAppOnly === 'clientCredentials' ? findOwnAuthority(dialect) : undefined;
  return new Set([
    ...(dialect.findProblems?.(target) ?? []),
    ...(own === false ? [NO_OWN_AUTHORITY] : (own?.findProblems?.(target) ?? [])),
  ]);
}
