import { tellValue } from '../errors/refusal.js';
import type { ExchangedToken } from '../on-behalf-of/dialects/dialect.js';
import { readTokenClaims } from '../on-behalf-of/failures/described-token.js';
import type { ResolvedDownstream } from '../on-behalf-of/options/resolved-downstream.js';
import { checkNewToken } from './clock-checks.js';
import type { Finding } from './finding.js';
import { nameScreen } from './provider-screens.js';

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
