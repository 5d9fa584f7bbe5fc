import { Injectable } from '@nestjs/common';
import { AdaptiveBulkhead } from '../../limits/adaptive-bulkhead.js';
import { BulkheadFullError } from '../../limits/fair-bulkhead.js';
import { tellSilence } from '../../limits/service-limits.js';
import { ExpiringCache } from '../../time/expiring-cache.js';
import { countIntrospectionRefused } from '../../observability/metrics.js';
import { compareValues } from '../../errors/refusal.js';
import { IssuerUnusableError } from '../../errors/issuer-unusable-error.js';
import type { Issuer } from '../issuers/issuer.js';
import type { AccessToken, Caller } from '../access/caller.js';
import type { TokenClaims } from '../access/claims.js';
import type { ResolvedIntrospection } from '../issuers/resolved-issuer.js';
import { findServer, IntrospectionRequest, TIMEOUT } from './introspection-request.js';
import { InvalidTokenError } from './invalid-token-error.js';
import { hashToken } from './token-hash.js';
import { Revocations } from './revocations.js';
import { isMissingAudience, toCaller } from './token-claims.js';

/** A token waits for its turn no longer than for an answer. */
const LIMITS = { maxWaitMs: TIMEOUT, longestPatienceMs: 0.9 * TIMEOUT, isAdaptive: true };

/** Inactive tokens that are remembered. What is kept of each is a hash, so that this is a bound in bytes, too: 6 MB. */
const MAX_TOKENS = 10_000;

/** Maximum time for which an inactive token is remembered, in milliseconds. */
const MAX_AGE_INACTIVE = 10_000;

/** Introspects opaque tokens (RFC 7662). Concurrent requests with the same token share one call. */
@Injectable()
export class Introspection {
  readonly #inactive = new ExpiringCache<true>(MAX_TOKENS);
  readonly #calls = new Map<string, Promise<TokenClaims>>();
  /** Requests of each issuer that run or wait. */
  readonly #bulkheads = new WeakMap<Issuer, AdaptiveBulkhead>();

  constructor(revocations: Revocations) {
    // An answer that was asked for before a revocation is not shared with requests after it.
    revocations.onRevoked(() => {
      this.#calls.clear();
    });
  }

  /**
   * @param address - of whoever sends the token. No address fills the queue for the others
   * @throws {@link InvalidTokenError} if the token is not active, or not valid for this server
   * @throws {@link IssuerUnusableError} if the issuer gives no trustworthy response
   */
  async verify(
    token: AccessToken,
    issuer: Issuer,
    introspection: ResolvedIntrospection,
    address = '',
  ): Promise<Caller> {
    const id = hashToken(token);
    const claims = await this.#ask(token, issuer, introspection, address);
    if (typeof claims.iss === 'string' && !issuer.hasIssued(claims.iss, claims.tid)) {
      throw new InvalidTokenError('The token is from another issuer', {
        problem: 'issuer',
        detail: compareValues('its iss', claims.iss, [issuer.options.tokenIssuer]),
        fix: 'Set `introspection.endpoint` of the issuer to the endpoint of that very issuer, or `issuer` to what it answers.',
      });
    }
    const origin = { subjectSource: introspection.subjectSource, unnamed: `token:${id}` };
    return toCaller(completeClaims(claims, issuer, introspection), token, issuer.options, origin);
  }

  /**
   * Asks the issuer whether a JWT that is verified is still active.
   *
   * @param address - of whoever sends the token
   * @throws {@link InvalidTokenError} if the token is not active, or the answer is about someone else
   * @throws {@link IssuerUnusableError} if the issuer gives no trustworthy response
   */
  async confirm(caller: Caller, issuer: Issuer, introspection: ResolvedIntrospection, address = ''): Promise<void> {
    const { iss, tid, sub } = await this.#ask(caller.token, issuer, introspection, address);
    const other = (name: string, came: unknown, wanted: string) =>
      new InvalidTokenError('The token is not active', {
        problem: 'inactive',
        detail: compareValues(`${name} of the answer`, came, [wanted]),
        fix: 'Set `introspection.endpoint` of the issuer to the endpoint that answers for its own access tokens.',
      });
    if (typeof iss === 'string' && !issuer.hasIssued(iss, tid ?? caller.claims.tid))
      throw other('iss', iss, caller.issuer);
    if (sub !== undefined && sub !== caller.claims.sub) throw other('sub', sub, caller.subject);
  }

  /** What the issuer says of an active token. */
  async #ask(
    token: AccessToken,
    issuer: Issuer,
    introspection: ResolvedIntrospection,
    address: string,
  ): Promise<TokenClaims> {
    const id = hashToken(token);
    if (this.#inactive.get(id)) throw createInactiveError(issuer, introspection);
    let call = this.#calls.get(id);
    if (!call) {
      const answer = this.#askInTurn(token.reveal(), issuer, introspection, address);
      const asked = this.#settle(id, answer, issuer, introspection).finally(() => {
        if (this.#calls.get(id) === asked) this.#calls.delete(id);
      });
      this.#calls.set(id, asked);
      call = asked;
    }
    return await call;
  }

  async #settle(
    id: string,
    answer: Promise<TokenClaims>,
    issuer: Issuer,
    introspection: ResolvedIntrospection,
  ): Promise<TokenClaims> {
    const claims = await answer;
    if (claims.active === true) return claims;
    const maxAge = Math.min(introspection.cacheMs, MAX_AGE_INACTIVE);
    if (maxAge > 0) this.#inactive.set(id, true, maxAge);
    throw createInactiveError(issuer, introspection);
  }

  /**
   * Strangers can make up tokens. Only so many are asked about at once, and only so many wait. Addresses take turns.
   * While the endpoint answers nothing, single requests try it.
   *
   * @throws {@link IssuerUnusableError} if too many wait, or nothing is answered
   */
  async #askInTurn(
    token: string,
    issuer: Issuer,
    introspection: ResolvedIntrospection,
    address: string,
  ): Promise<TokenClaims> {
    const server = await findServer(issuer, introspection);
    const request = new IntrospectionRequest(token, issuer, introspection);
    try {
      return await this.#getBulkhead(issuer, introspection).execute(
        { party: address, kind: 'introspection' },
        () => request.send(server),
        () => request.isAnswered,
      );
    } catch (error) {
      if (!(error instanceof BulkheadFullError)) throw error;
      countIntrospectionRefused(issuer.options.template);
      const why = 'too many tokens wait to be introspected, or the endpoint answers nothing at the moment';
      throw new IssuerUnusableError(issuer.identifier, why);
    }
  }

  #getBulkhead(issuer: Issuer, { maxConcurrent, maxQueued }: ResolvedIntrospection): AdaptiveBulkhead {
    let bulkhead = this.#bulkheads.get(issuer);
    if (!bulkhead) {
      const endpoint = 'introspection';
      bulkhead = new AdaptiveBulkhead(
        { service: issuer.options.template, endpoint },
        { ...LIMITS, maxConcurrent, maxQueued },
        tellSilence({ service: issuer.identifier, endpoint }),
      );
      this.#bulkheads.set(issuer, bulkhead);
    }
    return bulkhead;
  }
}

/**
 * Adds claims that RFC 9068 requires and RFC 7662 section 2.2 makes optional. `iss` is certain, because the issuer
 * itself responded.
 */
function completeClaims(
  claims: TokenClaims,
  issuer: Issuer,
  { acceptMissingAudience }: ResolvedIntrospection,
): TokenClaims {
  const { iss = issuer.options.tokenIssuer, aud, exp } = claims;
  return {
    ...claims,
    iss,
    aud: acceptMissingAudience && isMissingAudience(aud) ? issuer.options.audiences[0] : aud,
    // Without `exp`, a response is valid for five minutes, the longest that it may be cached.
    exp: exp ?? Math.floor(Date.now() / 1000) + 300,
  };
}

function createInactiveError({ identifier }: Issuer, { client }: ResolvedIntrospection): InvalidTokenError {
  return new InvalidTokenError('The token is not active', {
    problem: 'inactive',
    detail: `${identifier} says so to the client "${client.id}"`,
    fix: 'Nothing, if it has expired or is revoked. If all tokens are refused so, allow that client there to introspect tokens of other clients.',
  });
}
