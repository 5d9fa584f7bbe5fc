import type { IssuerMetadata } from '../resource-server/issuers/issuer-metadata.js';

/** The metadata lists of strings that the doctor reads (RFC 8414 section 2, RFC 9449 section 5.1). */
const LISTS = new Set([
  'code_challenge_methods_supported',
  'dpop_signing_alg_values_supported',
  'grant_types_supported',
  'scopes_supported',
  'token_endpoint_auth_methods_supported',
]);

/** Removes malformed lists from an issuer's metadata. So far only `issuer` and the URLs were validated. */
export function dropMalformedLists(metadata: IssuerMetadata): IssuerMetadata {
  const members = Object.entries(metadata).filter(([name, value]) => !LISTS.has(name) || isListOfStrings(value));
  return { ...Object.fromEntries(members), issuer: metadata.issuer };
}

function isListOfStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
