import { CleanLogger } from '../../log/clean-logger.js';
import { describeError, toReadable } from '../../errors/reason.js';
import { compareValues } from '../../errors/refusal.js';
import { isTooDeep } from '../../json/json-depth.js';
import { hasApplicationMark, hasUser } from '../access/app-only.js';
import { AccessToken, type Caller } from '../access/caller.js';
import type { TokenClaims } from '../access/claims.js';
import type { ClaimSource } from '../issuers/issuer-options.js';
import type { ResolvedIssuer } from '../issuers/resolved-issuer.js';
import { readActor } from './actor-claims.js';
import { readClaim } from './claim-source.js';
import { InvalidTokenError } from './invalid-token-error.js';
import {
  createAudienceError,
  createClaimError,
  createSubjectError,
  describeSource,
  NO_OPTION,
} from './refused-claims.js';
import { checkTimes } from './token-times.js';
import { refuseOtherTokens } from './token-use.js';

const logger = new CleanLogger('TokenClaims');

/** Surrogates without their other half. Stores and hashes in UTF-8 would take different ones for the same. */
const NO_TEXT = /\p{Surrogate}/u;

/** Claims that are text wherever they are (RFC 7519 section 4.1.7, RFC 8693 section 4.3). */
const CLAIMS_OF_TEXT = ['client_id', 'jti'];

/** @throws {@link InvalidTokenError} if a JWT lacks a claim that its issuer's options require */
export function checkRequiredClaims(claims: TokenClaims, { requiredClaims, identifier }: ResolvedIssuer): void {
  for (const claim of requiredClaims) {
    const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
    const isThere = value !== undefined && value !== null && value !== '';
    if (!isThere || (CLAIMS_OF_TEXT.includes(claim) && typeof value !== 'string'))
      throw createClaimError(
        `The token has no usable ${claim}`,
        { claim, came: value, wanted: 'a value' },
        `Have ${identifier} write it into access tokens, or take it out of \`requiredClaims\` of the issuer.`,
      );
  }
}

/** What is known of a token besides its claims. */
export interface TokenOrigin {
  /** `typ` of the header, if it is a JWT. */
  readonly typ?: unknown;
  /** Where the subject of the token is. Defaults to what the issuer's options say. */
  readonly subjectSource?: ClaimSource<string>;
  /** Stands for a subject that the issuer does not name. Without it, such a token is refused. */
  readonly unnamed?: string;
}

/**
 * Creates a caller from verified claims: either the signature is verified, or the issuer returned the claims.
 *
 * @param claims - are frozen with the caller
 * @throws {@link InvalidTokenError} if a claim is missing or has the wrong type (RFC 9068 section 2.2, RFC 7519 section
 * 4.1), or if the token is expired, not yet valid, not for this server, or no access token
 */
export function toCaller(
  claims: TokenClaims,
  token: AccessToken,
  issuer: ResolvedIssuer,
  origin: TokenOrigin = {},
): Caller {
  if (isTooDeep(claims)) {
    throw new InvalidTokenError('The token has claims that are nested too deeply', {
      problem: 'claims',
      detail: 'they have too many levels',
      fix: 'No option accepts that. Have the issuer write flatter claims.',
    });
  }
  const { iss, exp, aud } = claims;
  refuseOtherTokens(claims, origin.typ, issuer);
  if (typeof iss !== 'string')
    throw createClaimError(
      'The token has no issuer',
      { claim: 'iss', came: iss, wanted: `"${issuer.identifier}"` },
      NO_OPTION,
    );
  checkTimes(claims, issuer);
  if (!isFor(aud, issuer)) throw createAudienceError(aud, issuer);
  checkRequiredValues(claims, issuer);
  const party = identifyParty(claims, issuer, origin);
  if (isMissingAudience(aud)) checkRecipient(party.clientId, issuer);
  const actor = readActor(claims, issuer.maxActors);
  const expiresAtMs = (exp as number) * 1000;
  // Frozen, because all requests with this token share it. No one may add a scope.
  return deepFreeze({
    issuer: iss,
    ...party,
    scopes: mapSafely(issuer, () => readScopes(claims, issuer)),
    ...(actor && { actor }),
    claims,
    expiresAtMs,
    acceptedUntilMs: expiresAtMs + (Date.now() < expiresAtMs ? 0 : issuer.clockToleranceSeconds * 1000),
    token,
  });
}

/**
 * Whom a token stands for. Where the issuer does not name the subject, a user would have the subject of all others: the
 * caller then has a subject of its own token, and no user.
 */
function identifyParty(
  claims: TokenClaims,
  issuer: ResolvedIssuer,
  { subjectSource = issuer.subjectSource, unnamed }: TokenOrigin,
): Pick<Caller, 'subject' | 'clientId' | 'appOnly'> {
  const clientId = mapSafely(issuer, () => readClientId(claims, issuer));
  const appOnly = mapSafely(issuer, () => readAppOnly(claims, issuer));
  const subject = mapSafely(issuer, () => readClaim(claims, subjectSource)) ?? undefined;
  if (subject === undefined && unnamed !== undefined && clientId !== undefined) {
    const isApplication = appOnly ?? hasApplicationMark(claims);
    return { subject: isApplication ? clientId : unnamed, clientId, appOnly: true };
  }
  // What the application says to be a user has to be named.
  if (subject === undefined && issuer.acceptMissingSubject && clientId !== undefined && appOnly !== false)
    return { subject: clientId, clientId, appOnly: true };
  if (typeof subject !== 'string' || subject === '' || NO_TEXT.test(subject))
    throw createSubjectError(subject, subjectSource, issuer);
  return { subject, clientId, appOnly: appOnly ?? !hasUser(claims, subject, clientId) };
}

/** Whether a token names no audience. Some issuers write the claim without a value. */
export function isMissingAudience(aud: unknown): boolean {
  return aud === undefined || aud === null || aud === '' || (Array.isArray(aud) && aud.every(isMissingAudience));
}

/** RFC 7519 section 4.1.3. */
function isFor(aud: unknown, { audiences, acceptMissingAudience }: ResolvedIssuer): boolean {
  if (acceptMissingAudience && isMissingAudience(aud)) return true;
  const values: unknown[] = Array.isArray(aud) ? aud : [aud];
  return values.some((value) => typeof value === 'string' && audiences.includes(value));
}

/** Where a token does not say for whom it is, its client has to be one of those that this server is for. */
function checkRecipient(clientId: string | undefined, { clients }: ResolvedIssuer): void {
  if (!clients || (clientId !== undefined && clients.has(clientId))) return;
  throw new InvalidTokenError('The token is not valid for this server', {
    problem: 'audience',
    detail: `it has no aud, ${compareValues('its client', clientId, [...clients])}`,
    fix: 'Name the client in `clients` of the issuer, if its tokens are for this server.',
  });
}

/** @throws {@link InvalidTokenError} if a claim has none of the values that it must have */
function checkRequiredValues(claims: TokenClaims, { requiredValues, identifier }: ResolvedIssuer): void {
  for (const [claim, values] of requiredValues) {
    const value = readClaim(claims, claim);
    if ([value].flat().some((one) => typeof one === 'string' && values.includes(one))) continue;
    throw new InvalidTokenError('The token is not valid for this server', {
      problem: 'required_values',
      detail: compareValues(`its claim ${claim}`, value, values),
      fix: `Have ${identifier} write one of these, or change what \`requiredValues\` of the issuer demands.`,
    });
  }
}

/** Maps claims as configured for the issuer. Functions of the application may fail on unexpected claims. */
function mapSafely<Value>(issuer: ResolvedIssuer, map: () => Value): Value {
  try {
    return map();
  } catch (thrown) {
    const error = toReadable(thrown);
    if (error instanceof InvalidTokenError) throw error;
    const detail = `A function in \`claims\` of the issuer ${issuer.identifier} failed: ${describeError(error)}`;
    logger.sum('error', issuer.identifier, detail);
    throw new InvalidTokenError('The token has claims that could not be mapped', {
      problem: 'claims',
      detail,
      fix: 'Have the function in `claims` take claims of any shape.',
    });
  }
}

/** What is neither true nor false must not make a user of an application. */
function readAppOnly(claims: TokenClaims, { appOnly }: ResolvedIssuer): boolean | undefined {
  const value: unknown = appOnly?.(claims) ?? undefined;
  if (value === undefined || typeof value === 'boolean') return value;
  throw new TypeError(`\`appOnly\` returned neither true nor false: ${typeof value}`);
}

function readClientId(claims: TokenClaims, issuer: ResolvedIssuer): string | undefined {
  for (const source of issuer.clientIdSources) {
    const value = readClaim(claims, source);
    if (typeof value === 'string' && value !== '' && !NO_TEXT.test(value)) return value;
    if (value !== undefined)
      throw new InvalidTokenError('The token has a client that is not a string', {
        problem: 'claims',
        ...describeSource('clientId', source, value, issuer),
      });
  }
  return undefined;
}

/** `scope` is one string (RFC 8693 section 4.2). Other issuers' claims for scopes may be arrays. */
function readScopes(claims: TokenClaims, issuer: ResolvedIssuer): readonly string[] {
  const scopes = issuer.scopeSources.flatMap((source) => {
    const value = readClaim(claims, source);
    if (value === undefined || value === null) return [];
    if (typeof value === 'string') return value.split(' ').filter((scope) => scope !== '');
    if (Array.isArray(value) && value.every((scope) => typeof scope === 'string')) return value;
    throw new InvalidTokenError('The token has scopes that are not strings', {
      problem: 'claims',
      ...describeSource('scopes', source, value, issuer),
    });
  });
  return [...new Set(scopes)];
}

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !(value instanceof AccessToken)) {
    for (const member of Object.values(value)) if (typeof member === 'object') deepFreeze(member);
    Object.freeze(value);
  }
  return value;
}
