import { createRemoteJWKSet, jwtVerify } from 'jose';

/** What a token says, as both majors of the SDK want to have it. */
export interface TokenInfo {
  readonly token: string;
  readonly clientId: string;
  readonly scopes: string[];
  readonly expiresAt: number;
  readonly resource: URL;
  readonly extra: Record<string, unknown>;
}

/** Makes a function that reads a token of the issuer. It throws for a token that is not good. */
export function createTokenReader(issuer: string): (token: string) => Promise<TokenInfo> {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  return async (token) => {
    const { payload } = await jwtVerify<{ scope?: string }>(token, keys, { issuer, requiredClaims: ['aud', 'exp'] });
    return {
      token,
      clientId: String(payload.client_id),
      scopes: (payload.scope ?? '').split(' '),
      expiresAt: Number(payload.exp),
      resource: new URL(String(payload.aud)),
      extra: { sub: payload.sub },
    };
  };
}
