import { describeError } from '../errors/reason.js';
import type { IssuerMetadata } from '../resource-server/issuers/issuer-metadata.js';
import type { Issuer } from '../resource-server/issuers/issuer.js';
import { canVerify } from '../resource-server/issuers/verification-key.js';
import { findClient } from '../resource-server/issuers/resolved-issuer.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { dropMalformedLists } from './malformed-lists.js';
import { checkClient, isExchangingAt } from './client-checks.js';
import { checkClock } from './clock-checks.js';
import type { Finding } from './finding.js';
import { checkMetadata } from './metadata-checks.js';
import { checkProof } from './proof-checks.js';
import { checkScopes } from './scope-checks.js';
import { checkNames } from './issuer-name-checks.js';

/**
 * Examines an issuer. Its metadata and keys are fetched as for the first token, and cached for it. An issuer with
 * configured keys that never has to be asked is not asked here either.
 *
 * @param scopes - scopes that clients will request
 */
export async function examineIssuer(
  issuer: Issuer,
  options: ResolvedOptions,
  scopes: readonly string[],
): Promise<Finding[]> {
  const { identifier, jwks, scopePrefix } = issuer.options;
  const client = findClient(issuer.options, options.clients);
  const isAsked = isExchangingAt(issuer.options, options) && client !== undefined;
  if (jwks && !isAsked) return [];
  let metadata: IssuerMetadata;
  try {
    metadata = dropMalformedLists(await issuer.getMetadata());
  } catch (error) {
    return [reportUnusableMetadata(identifier, error)];
  }
  return [
    ...checkMetadata(identifier, metadata, issuer.options.acceptClearText),
    ...checkNames(issuer.options, metadata),
    ...checkClient(issuer.options, metadata, client, options),
    ...checkScopes(identifier, metadata, scopes, scopePrefix),
    ...checkProof(issuer.options, metadata, options),
    ...checkClock(identifier, issuer.clockSkewSeconds),
    ...(await checkKeys(issuer, metadata)),
  ];
}

export function reportUnusableMetadata(issuer: string, error: unknown): Finding {
  return {
    code: 'issuer_metadata_unusable',
    severity: 'error',
    subject: issuer,
    message: describeError(error),
    fix: 'Check that this machine reaches the address, and that `issuer` is spelled as in the metadata. If the metadata is elsewhere, set `metadataUrl`.',
  };
}

async function checkKeys({ keys, options }: Issuer, metadata: IssuerMetadata): Promise<Finding[]> {
  const { identifier, jwks, algorithms, introspection } = options;
  // The boot already rejects unusable configured keys. Opaque tokens need no keys.
  if (jwks || (introspection && metadata.jwks_uri === undefined)) return [];
  const finding = { severity: 'error', subject: identifier } as const;
  try {
    const usable = (await keys.getAll()).some((key) => algorithms.some((algorithm) => canVerify(key, algorithm)));
    if (usable) return [];
  } catch (error) {
    const fix = 'Check that this machine reaches jwks_uri, and that it answers with a JWK set of public keys.';
    return [{ ...finding, code: 'keys_unusable', message: describeError(error), fix }];
  }
  return [
    {
      ...finding,
      code: 'keys_unfit',
      message: `None of its keys is for one of the algorithms ${algorithms.join(', ')}, so every token is refused.`,
      fix: 'Add the algorithm that it signs access tokens with to `algorithms` of the issuer, or have it sign with one of these, with RSA keys of 2048 bits or more.',
    },
  ];
}
