import type { ResourceServer } from 'oidc-provider';

/** An API that accepts this server's access tokens: the `aud` that they carry, and the scopes it knows. */
export interface ProtectedResource {
  readonly audience: string;
  readonly scopes: readonly string[];
  readonly accessTokenLifetime: number;
}

export function resourceServer({ audience, scopes, accessTokenLifetime }: ProtectedResource): ResourceServer {
  return {
    audience,
    scope: scopes.join(' '),
    accessTokenTTL: accessTokenLifetime,
    accessTokenFormat: 'jwt',
    jwt: { sign: { alg: 'RS256' } },
  };
}
