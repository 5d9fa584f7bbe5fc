import { decodeJwt } from 'jose';
import { tellTime, tellValue } from '../../errors/refusal.js';
import { isJsonObject } from '../../json/json-object.js';
import type { ExchangedToken } from '../dialects/dialect.js';

/** Claims by which APIs decide, each with the names that providers have for it. */
const CLAIMS = ['iss', 'aud', 'sub', 'scope', 'scp', 'roles', 'azp', 'client_id', 'appid'] as const;

/** The claims of a token; `undefined` if it is opaque. It is not verified: that is up to the API. */
export function readTokenClaims({ value }: ExchangedToken): Readonly<Record<string, unknown>> | undefined {
  try {
    return decodeJwt(value);
  } catch {
    return undefined;
  }
}

/**
 * What a token says to the API, without the token itself.
 *
 * @param told - the claims that are told. Defaults to all by which APIs decide
 */
export function describeToken(token: ExchangedToken, told: readonly string[] = CLAIMS): string {
  const claims = readTokenClaims(token);
  const granted = token.grantedScopes ? `granted are the scopes ${token.grantedScopes.join(' ') || '(none)'}` : '';
  const lifetime = token.expiresInMs === undefined ? '' : `it is good for ${Math.round(token.expiresInMs / 1000)} s`;
  const words = claims
    ? [...listClaims(claims, told), granted]
    : [`it is opaque (${token.value.length} characters), so only its issuer can read it`, granted, lifetime];
  return words.filter((one) => one !== '').join(', ');
}

function listClaims(claims: Readonly<Record<string, unknown>>, told: readonly string[]): readonly string[] {
  const named = told
    .filter((claim) => claims[claim] !== undefined)
    .map((claim) => `${claim} ${tellValue(claims[claim])}`);
  const actor = isJsonObject(claims.act) ? [`act.sub ${tellValue(claims.act.sub)}`] : [];
  const missing = (['iss', 'aud', 'exp'] as const).filter((claim) => claims[claim] === undefined);
  return [
    ...named,
    ...actor,
    ...(claims.exp === undefined ? [] : [`exp ${tellTime(claims.exp)}`]),
    ...(missing.length > 0 ? [`no ${missing.join(' and no ')}`] : []),
  ];
}
