import type { IssuerMetadata } from '../resource-server/issuers/issuer-metadata.js';
import type { ResolvedIssuer } from '../resource-server/issuers/resolved-issuer.js';
import type { Finding } from './finding.js';

/** Checks the names of an issuer that differ: in access tokens, in its metadata, and for clients. */
export function checkNames(issuer: ResolvedIssuer, metadata: IssuerMetadata): Finding[] {
  return [...checkTokenIssuer(issuer, metadata), ...checkAdvertised(issuer)];
}

/** AD FS has an issuer of its own for access tokens. */
function checkTokenIssuer({ identifier, tokenIssuer }: ResolvedIssuer, metadata: IssuerMetadata): Finding[] {
  const published: unknown = metadata.access_token_issuer;
  if (typeof published !== 'string' || published === tokenIssuer) return [];
  return [
    {
      code: 'token_issuer_mismatch',
      severity: 'error',
      subject: identifier,
      message: `Its metadata says that access tokens have the iss "${published}", and "${tokenIssuer}" is expected, so every token is refused.`,
      fix: `Set \`tokenIssuer\` of the issuer to "${published}".`,
    },
  ];
}

/** Clients have to refuse metadata of another issuer than they were told (RFC 8414 section 3.3). */
function checkAdvertised({ identifier, advertised, metadataIssuer, tenant }: ResolvedIssuer): Finding[] {
  const isOfManyTenants = tenant === undefined && identifier.includes('{');
  if (isOfManyTenants || advertised === metadataIssuer) return [];
  return [
    {
      code: 'advertised_issuer_differs',
      severity: 'warning',
      subject: identifier,
      message: `Clients are told "${advertised}", and its metadata names the issuer "${metadataIssuer}". They refuse it, unless a document of their own is published for them.`,
      fix: 'Check that the metadata under the advertised address names that address as `issuer`, or remove `advertisedIssuer`.',
    },
  ];
}
