import { decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { TestIssuer } from './test-issuer.js';

/** The verdict of a {@link TestDownstream} on a token. */
export type TokenCheck =
  | { readonly status: 200; readonly claims: Readonly<Record<string, unknown>> }
  | {
      readonly status: 401 | 403;
      readonly claims?: Readonly<Record<string, unknown>>;
      /** Value of `WWW-Authenticate` (RFC 6750 section 3). */
      readonly challenge: string;
      /** The reason as text, without any part of the token. */
      readonly reason: string;
    };

export interface TokenDemands {
  readonly issuer: TestIssuer;
  readonly audience: string;
  readonly scopes: readonly string[];
}

/** Checks a token as an API does: its signature, issuer, audience, expiry and scopes. */
export async function checkToken(authorization: string | undefined, demands: TokenDemands): Promise<TokenCheck> {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === undefined) return { status: 401, challenge: 'Bearer', reason: 'there is no Bearer token' };
  const { issuer, audience, scopes } = demands;
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    const key = issuer.keys.find((one) => one.kid === kid && one.alg === alg);
    if (!key) return createRefusal('it is signed with a key that the issuer does not have');
    const verify = { issuer: issuer.issuer, audience, requiredClaims: ['exp', 'sub'] };
    const { payload } = await jwtVerify(token, key.publicJwk, verify);
    const held = typeof payload.scope === 'string' ? payload.scope.split(' ') : [];
    const missing = scopes.filter((scope) => !held.includes(scope));
    if (missing.length === 0) return { status: 200, claims: payload };
    const challenge = `Bearer error="insufficient_scope", scope="${scopes.join(' ')}"`;
    return { status: 403, claims: payload, challenge, reason: `it lacks ${missing.join(' ')}` };
  } catch (error) {
    return createRefusal(describeProblem(error));
  }
}

function createRefusal(reason: string): TokenCheck {
  return { status: 401, challenge: 'Bearer error="invalid_token"', reason };
}

function describeProblem(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed) return `its claim ${error.claim} is not what it should be`;
  return 'it is no JWT that can be verified';
}
