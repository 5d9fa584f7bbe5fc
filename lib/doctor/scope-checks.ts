import type { IssuerMetadata } from '../resource-server/issuers/issuer-metadata.js';
import type { Finding } from './finding.js';

/**
 * Checks whether the authorization server advertises the scopes that clients will request. Advertising scopes is
 * optional (RFC 8414 section 2), and many servers advertise only those of OpenID Connect.
 *
 * @param prefix - what clients put before a scope when they request it
 */
export function checkScopes(
  issuer: string,
  { scopes_supported: supported }: IssuerMetadata,
  scopes: readonly string[],
  prefix = '',
): Finding[] {
  const missing = scopes.filter((scope) => !supported?.includes(scope) && !supported?.includes(`${prefix}${scope}`));
  if (missing.length === 0) return [];
  return [
    {
      code: 'scopes_not_advertised',
      severity: 'info',
      subject: issuer,
      message: supported
        ? `Its scopes_supported does not list ${missing.join(', ')}.`
        : `Its metadata has no scopes_supported, so it is unknown whether it knows ${missing.join(', ')}.`,
      fix: 'Check that these scopes are registered there. If they are, all is well: not every server lists all of its scopes.',
    },
  ];
}
