import { Injectable } from '@nestjs/common';
import QuickLRU from 'quick-lru';
import { isIssuedAhead } from '../../resource-server/authentication/token-times.js';
import { readToken, verifyJws, type SignedToken } from '../../resource-server/authentication/signed-token.js';
import { readClaim } from '../../resource-server/authentication/claim-source.js';
import type { TokenClaims } from '../../resource-server/access/claims.js';
import { findClient } from '../../resource-server/issuers/resolved-issuer.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { deriveKey } from '../../replicas/composite-key.js';
import { Issuers } from '../../resource-server/issuers/issuers.js';
import type { Revocation } from '../../resource-server/access/revocation.js';
import { LogoutTokenError } from './logout-token-error.js';
import { isJsonObject } from '../../json/json-object.js';
import { compareValues, tellTime } from '../../errors/refusal.js';

/** OpenID Connect Back-Channel Logout 1.0 section 2.4. */
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Accepted values of `typ`. The specification recommends the first, but few providers set it. */
const TYPES = new Set(['logout+jwt', 'jwt']);

const MAX_LENGTH = 16_384;

/** Maximum age of a logout token, in seconds. */
const MAX_AGE = 10 * 60;

const MAX_REMEMBERED = 10_000;

/** What a valid logout token says. */
export interface SignOut {
  /** Id of the token, unique across issuers. */
  readonly id: string;
  /** The tokens to revoke. */
  readonly revocation: Revocation;
}

/** Verifies logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.6). */
@Injectable()
export class LogoutTokens {
  /** Uses the wall clock, as the check of `iat` does: an id may be forgotten only once its token is too old. */
  readonly #used = new QuickLRU<string, true>({ maxSize: MAX_REMEMBERED });

  constructor(
    private readonly options: ResolvedOptions,
    private readonly issuers: Issuers,
  ) {}

  /**
   * @throws {@link LogoutTokenError} if the token is invalid
   * @throws {@link IssuerUnusableError} if the issuer's keys are unavailable
   */
  async verify(token: unknown): Promise<SignOut> {
    if (typeof token === 'string' && token.length <= MAX_LENGTH) await this.issuers.resolve(token);
    const find = (claims: TokenClaims) => this.issuers.findSignIn(claims);
    const signed =
      typeof token === 'string' && token.length <= MAX_LENGTH ? readToken(token, this.issuers, find) : undefined;
    if (!signed) throw new LogoutTokenError('it is not a JWT of an issuer that is trusted here', false);
    await checkSignature(signed);
    const { claims } = signed;
    const problem = this.#findProblem(signed);
    if (problem !== undefined) throw new LogoutTokenError(problem, true);
    const { sid: sessionId } = claims as { sid?: string };
    const subject = readSubject(signed);
    return {
      id: toId(claims),
      revocation: { issuer: signed.issuer.nameInAccessTokens(String(claims.iss)), subject, sessionId },
    };
  }

  /**
   * Records a token that was processed, so that a replay is refused. A token whose processing failed may be sent again.
   */
  remember({ id }: SignOut): void {
    this.#used.set(id, true, { maxAge: 2 * MAX_AGE * 1000 });
  }

  #findProblem({ claims, issuer }: SignedToken): string | undefined {
    const { aud, iat, exp, jti, sub, sid, events, nonce } = claims;
    const client = findClient(issuer.options, this.options.clients);
    if (!client || ![aud].flat().includes(client.id)) {
      const compared = compareValues('it', aud, client ? [client.id] : 'a client, and none is registered there');
      return `its aud is not the client of this server: ${compared}`;
    }
    const now = Date.now() / 1000;
    const { clockToleranceSeconds } = issuer.options;
    if (typeof iat !== 'number' || isIssuedAhead(iat, issuer.options))
      return `its iat is in the future: ${tellTimes('iat', iat, now)}`;
    if (iat < now - MAX_AGE - clockToleranceSeconds) return `it is too old: ${tellTimes('iat', iat, now)}`;
    if (typeof exp !== 'number' || exp <= now - clockToleranceSeconds)
      return `it has expired: ${tellTimes('exp', exp, now)}`;
    if (!isText(jti)) return 'it has no jti';
    if (!isJsonObject(events) || !isJsonObject(events[EVENT])) {
      return 'it is not about a logout';
    }
    if (nonce !== undefined) return 'it has a nonce, as ID tokens have';
    const subject = readSubject({ claims, issuer });
    if (subject === undefined && sid === undefined) return 'it names neither a user nor a session';
    if ([sub, sid].some((name) => name !== undefined && !isText(name))) return 'its sub or sid is not a string';
    if (this.#used.has(toId(claims))) return 'it was used before';
    return undefined;
  }
}

/** Refuses access tokens, ID tokens and tokens with another signature. */
async function checkSignature({ token, header, issuer }: SignedToken): Promise<void> {
  const { algorithms } = issuer.options;
  const kind = { name: 'a logout token', types: TYPES, acceptMissingType: true, algorithms };
  const found = await verifyJws({ token, header }, kind, issuer);
  if ('problem' in found) throw new LogoutTokenError(`it ${found.problem}: ${found.refusal.detail}`, false);
}

/** @param now - in seconds since the epoch */
function tellTimes(claim: string, time: unknown, now: number): string {
  return `its ${claim} is ${tellTime(time)}, and it is ${tellTime(now)} here`;
}

/** The user, by the claim that names users in access tokens of the issuer. */
function readSubject({ claims, issuer }: Pick<SignedToken, 'claims' | 'issuer'>): string | undefined {
  try {
    const subject = readClaim(claims, issuer.options.subjectSource);
    return isText(subject) ? subject : undefined;
  } catch {
    // A function of the application that takes access tokens alone.
    return undefined;
  }
}

function toId({ iss, jti }: TokenClaims): string {
  return deriveKey('logout-token', String(iss), String(jti));
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
