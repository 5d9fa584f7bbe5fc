import { decodeJwt } from 'jose';
import { isJsonObject } from '../json/json-object.js';
import { tellTime, tellValue } from '../errors/refusal.js';
import type { ExchangedToken } from '../on-behalf-of/dialects/dialect.js';
import type { ResolvedDownstream } from '../on-behalf-of/options/resolved-downstream.js';
import { checkNewToken } from './clock-checks.js';
import type { Finding } from './finding.js';
import { nameScreen } from './provider-screens.js';

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

/** What a token says to the API, without the token itself. */
export function describeToken(token: ExchangedToken): string {
  const claims = readTokenClaims(token);
  const granted = token.grantedScopes ? `granted are the scopes ${token.grantedScopes.join(' ') || '(none)'}` : '';
  const lifetime = token.expiresInMs === undefined ? '' : `it is good for ${Math.round(token.expiresInMs / 1000)} s`;
  const words = claims
    ? [...listClaims(claims), granted]
    : [`it is opaque (${token.value.length} characters), so only its issuer can read it`, granted, lifetime];
  return words.filter((one) => one !== '').join(', ');
}

function listClaims(claims: Readonly<Record<string, unknown>>): readonly string[] {
  const named = CLAIMS.filter((claim) => claims[claim] !== undefined).map(
    (claim) => `${claim} ${tellValue(claims[claim])}`,
  );
  const actor = isJsonObject(claims.act) ? [`act.sub ${tellValue(claims.act.sub)}`] : [];
  const missing = (['iss', 'aud', 'exp'] as const).filter((claim) => claims[claim] === undefined);
  return [
    ...named,
    ...actor,
    ...(claims.exp === undefined ? [] : [`exp ${tellTime(claims.exp)}`]),
    ...(missing.length > 0 ? [`no ${missing.join(' and no ')}`] : []),
  ];
}

/** Finds what was asked for and is not in the token that came back. */
export function checkToken(token: ExchangedToken, target: ResolvedDownstream, issuer: string): readonly Finding[] {
  const finding = { code: 'exchange_incomplete', severity: 'warning', subject: target.option } as const;
  const asked = [target.audience ?? []].flat();
  const { aud, iat } = readTokenClaims(token) ?? {};
  const came: readonly unknown[] = [aud].flat();
  const withheld = token.grantedScopes && target.scopes.filter((scope) => !token.grantedScopes?.includes(scope));
  return [
    ...checkNewToken(issuer, iat),
    ...(aud !== undefined && asked.length > 0 && !asked.some((one) => came.includes(one))
      ? [
          {
            ...finding,
            message: `Step 9: ${asked.join(' or ')} was asked for as \`audience\`, and the aud of the token is ${tellValue(aud)}.`,
            fix: `Nothing, if the API knows itself by that name. ${nameScreen(issuer, 'target', target.dialect.name)}`,
          },
        ]
      : []),
    ...(withheld && withheld.length > 0
      ? [
          {
            ...finding,
            message: `Step 9: the scopes ${withheld.join(' ')} were asked for, and are not granted.`,
            fix: `Nothing, if this user must not have them. ${nameScreen(issuer, 'scope', target.dialect.name)}`,
          },
        ]
      : []),
  ];
}
