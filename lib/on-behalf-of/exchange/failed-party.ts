import type { Caller } from '../../resource-server/access/caller.js';
import type { Issuers } from '../../resource-server/issuers/issuers.js';
import { deriveKey } from '../../replicas/composite-key.js';

/** The issuer of a caller as configured. Its tenants share one name, because their number is unbounded. */
export function nameIssuer(issuers: Issuers, { claims, issuer }: Caller): string {
  return issuers.findIssuer(claims)?.identifier ?? issuer;
}

/** Who a failure may be about: the user, or of an issuer with tenants the tenant, which may refuse what another accepts. */
export function nameParty(issuers: Issuers, caller: Caller): string {
  if (nameIssuer(issuers, caller) !== caller.issuer) return caller.issuer;
  return deriveKey('exchange-party', caller.issuer, caller.subject);
}
