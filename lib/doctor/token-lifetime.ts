import type { Caller } from '../resource-server/access/caller.js';
import type { Finding } from './finding.js';

/** Seconds before the end of a token from which VS Code refreshes it. Of a token that never has more, it does so again and again. */
const REFRESHED_FROM = 300;

/** Checks whether the tokens of clients last long enough for those that refresh early. It needs `iat` and `exp`. */
export function checkTokenLifetime({ claims, issuer, appOnly }: Caller): readonly Finding[] {
  const { iat, exp } = claims;
  // A client without a user has nothing to refresh.
  if (appOnly || typeof iat !== 'number' || typeof exp !== 'number' || exp - iat > REFRESHED_FROM) return [];
  return [
    {
      code: 'token_short_lived',
      severity: 'warning',
      subject: issuer,
      message: `Step 7: the token lasts ${Math.round(exp - iat)} seconds. VS Code refreshes tokens from five minutes before their end, so it would refresh such a token many times a second, for as long as it runs.`,
      fix: 'Nothing, if nobody uses VS Code, or if its tokens last longer than this one. Otherwise let its access tokens last fifteen minutes. Keycloak: Clients > the client of the user > Advanced > Access Token Lifespan, or for all clients Realm settings > Tokens > Access Token Lifespan (`kcadm.sh update realms/<realm> -s accessTokenLifespan=900`).',
    },
  ];
}
