import { InvalidTokenError } from './invalid-token-error.js';
import { verifyJws, type SignatureCheck, type SignedToken } from './signed-token.js';

/**
 * Verifies the header and the signature of an access token.
 *
 * @param hasSigned - called with each key that may have signed it. Defaults to a check that knows all algorithms
 * @throws {@link InvalidTokenError} if the header is not that of an access token of the issuer, or no key has signed it
 * @throws {@link IssuerUnusableError} if the issuer's keys cannot be fetched
 */
export async function verifyAccessToken(signed: SignedToken, hasSigned?: SignatureCheck): Promise<void> {
  const { algorithms, types, acceptMissingType } = signed.issuer.options;
  const kind = { name: 'an access token', types, acceptMissingType, algorithms, mayNameKeys: true };
  const found = await verifyJws(signed, kind, signed.issuer, hasSigned);
  if ('problem' in found)
    throw new InvalidTokenError(`The token ${found.problem}`, { problem: 'signature', ...found.refusal });
}
