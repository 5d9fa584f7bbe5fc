import type { JWTPayload } from 'jose';

export interface AccessTokenClaims extends JWTPayload {
  readonly sub: string;
  readonly scope?: string;
  readonly act?: unknown;
}

const accessTokens = new WeakMap<object, AccessTokenClaims>();

/** The claims of the access token that a request brought, once the guard has verified it. */
export function accessTokenOf(request: object): AccessTokenClaims | undefined {
  return accessTokens.get(request);
}

export function rememberAccessToken(request: object, claims: AccessTokenClaims): void {
  accessTokens.set(request, claims);
}
