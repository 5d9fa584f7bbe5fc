import { compareValues, tellTime, tellValue, type Refusal } from '../../errors/refusal.js';
import type { ClaimSource } from '../issuers/issuer-options.js';
import type { ResolvedIssuer } from '../issuers/resolved-issuer.js';
import { InvalidTokenError } from './invalid-token-error.js';

/** Where nothing but the issuer itself can help. */
export const NO_OPTION = 'No option accepts that. Have the issuer write it as RFC 9068 section 2.2 demands.';

/** A claim that is missing, or is not what it has to be. */
export function createClaimError(
  message: string,
  { claim, came, wanted }: { readonly claim: string; readonly came: unknown; readonly wanted: string },
  fix: string,
): InvalidTokenError {
  return new InvalidTokenError(message, {
    problem: 'claims',
    detail: compareValues(`its ${claim}`, came, wanted),
    fix,
  });
}

/** The message for the client does not say for whom the token is, nor what it should say. */
export function createAudienceError(aud: unknown, { audiences, identifier }: ResolvedIssuer): InvalidTokenError {
  return new InvalidTokenError('The token is not valid for this server', {
    problem: 'audience',
    detail: compareValues('its aud', aud, audiences),
    fix: `Have ${identifier} write one of these into \`aud\` for clients of this server (Keycloak: an audience mapper in the scopes that they ask for). If what came stands for this server alone, name it in \`audiences\` of the issuer.`,
  });
}

/** @param came - what `source` has, which is no name of anybody */
export function createSubjectError(
  came: unknown,
  source: ClaimSource<string>,
  { identifier }: ResolvedIssuer,
): InvalidTokenError {
  const where = typeof source === 'string' ? `its ${source}` : 'what the function in `claims.subject` returns';
  return new InvalidTokenError('The token has no subject', {
    problem: 'subject',
    detail: compareValues(where, typeof came === 'string' ? '' : came, 'a text'),
    fix: `Have ${identifier} write it into access tokens (Keycloak: the client scope "basic" has the mapper for \`sub\`). If another claim tells its users apart, name it in \`claims.subject\` of the issuer; if it names no subject in tokens without a user, set \`acceptMissingSubject\`.`,
  });
}

/** @param tolerance - seconds by which the clocks may differ */
export function createTimeError(
  message: string,
  { claim, time, wanted }: { readonly claim: string; readonly time: number; readonly wanted: 'after' | 'not after' },
  tolerance: number,
): InvalidTokenError {
  return new InvalidTokenError(message, {
    problem: 'time',
    detail: `its ${claim} is ${tellTime(time)}, and wanted is a time ${wanted} ${new Date().toISOString()}, the time here, with a tolerance of ${tolerance} s`,
    fix: 'If the clocks differ, set both by NTP; `clockToleranceMs` of the issuer bridges up to five minutes. Otherwise the client has to get a new token.',
  });
}

/** A claim of an application's mapping. A function in `claims` has no name. */
export function describeSource(option: string, source: unknown, came: unknown, issuer: ResolvedIssuer): Refusal {
  const where = typeof source === 'string' ? `its ${source}` : `what the function in \`claims.${option}\` returns`;
  const shown = Array.isArray(came) ? 'a list with other values than texts' : tellValue(came);
  return {
    detail: `${where} is ${shown}, and wanted is ${option === 'scopes' ? 'a text, or a list of texts' : 'a text'}`,
    fix: `Say where ${issuer.identifier} has it with \`claims.${option}\` of the issuer.`,
  };
}
