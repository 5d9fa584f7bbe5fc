import { randomUUID, type KeyObject } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt';
import { Issuers } from '../issuers/issuers.js';
import { SIGNING_ALGORITHMS } from '../issuers/issuer-options.js';
import type { Caller } from '../access/caller.js';
import type { TokenClaims } from '../access/claims.js';
import { findAccessTokenKey } from './access-token-key.js';
import { Introspection } from './introspection.js';
import { isOpaque } from './opaque-token.js';
import { OwnTokens } from './own-tokens.js';
import { PresentedToken } from './presented-token.js';
import { readToken, type SignedToken } from './signed-token.js';
import { checkRequiredClaims, toCaller } from './token-claims.js';
import { createUnreadError } from './unread-token.js';
import { VerifiedTokens } from './verified-tokens.js';

/** Lifetime of a verification, in milliseconds. It is short so that a withdrawn key soon loses its effect. */
const MAX_AGE = 60_000;

/** Algorithms that jsonwebtoken, used by passport-jwt, cannot verify. */
const EDWARDS = ['EdDSA', 'Ed25519'];

/**
 * Verifies access tokens. JWTs of a configured issuer are verified with the issuer's keys (RFC 9068 section 4). Opaque
 * tokens are introspected (RFC 7662), if that is configured. Any other token is refused, and nobody is shown it.
 */
@Injectable()
export class AccessTokenStrategy
  extends PassportStrategy(Strategy, 'nestjs-mcp-auth')
  implements OnApplicationShutdown
{
  /** Unique per instance, because passport registers strategies by name for the whole process. */
  override readonly name = `nestjs-mcp-auth:${randomUUID()}`;

  // No "#" members: passport calls `authenticate` on an object that inherits from this one and would lack them.
  constructor(
    private readonly issuers: Issuers,
    private readonly introspection: Introspection,
    private readonly verified: VerifiedTokens,
    private readonly own: OwnTokens,
  ) {
    super({
      jwtFromRequest: ({ token }: PresentedToken) => token,
      secretOrKeyProvider: provideKey,
      algorithms: SIGNING_ALGORITHMS.filter((algorithm) => !EDWARDS.includes(algorithm)),
      // `toCaller` checks all claims, because the rules differ between issuers.
      ignoreExpiration: true,
      jsonWebTokenOptions: { ignoreNotBefore: true },
      passReqToCallback: true,
    } as unknown as StrategyOptionsWithoutRequest);
    passport.use(this.name, this);
  }

  /** Called by passport. */
  override authenticate(presented: object): void {
    if (!(presented instanceof PresentedToken))
      throw new Error('A request reached the strategy before its token was read');
    const signed = readToken(presented.token, this.issuers);
    const alg = signed?.header.alg;
    if (signed && !(typeof alg === 'string' && EDWARDS.includes(alg))) {
      presented.signed = signed;
      super.authenticate(presented as never);
      return;
    }
    (signed ? this.verifyEdwards(signed, presented) : this.introspect(presented)).then(
      (caller) => {
        this.success(caller);
      },
      (error: unknown) => {
        this.fail(error as never);
      },
    );
  }

  /** Called by passport-jwt with the claims of a token whose signature is valid. */
  async validate(presented: PresentedToken, claims: TokenClaims): Promise<Caller> {
    return await this.accept(claims, presented, presented.signed?.header.typ);
  }

  onApplicationShutdown(): void {
    passport.unuse(this.name);
  }

  private async verifyEdwards(signed: SignedToken, presented: PresentedToken): Promise<Caller> {
    await findAccessTokenKey(signed);
    return await this.accept(signed.claims, presented, signed.header.typ);
  }

  /** @param typ - of the header of the token */
  private async accept(claims: TokenClaims, { token, address }: PresentedToken, typ: unknown): Promise<Caller> {
    const issuer = this.issuers.findIssuer(claims);
    if (!issuer) throw createUnreadError(token, this.issuers);
    const { introspection } = issuer.options;
    checkRequiredClaims(claims, issuer.options);
    const caller = toCaller(claims, token, issuer.options, { typ });
    this.issuers.remember(caller.claims, issuer);
    this.own.check(caller, issuer.options);
    const { revision } = this.verified;
    const isAsked = introspection?.includesJwts === true;
    if (isAsked) await this.introspection.confirm(caller, issuer, introspection, address);
    this.verified.remember(caller, isAsked ? Math.min(MAX_AGE, introspection.cacheMs) : MAX_AGE, revision);
    return caller;
  }

  private async introspect({ token, address }: PresentedToken): Promise<Caller> {
    // A token of another issuer is shown to nobody.
    const issuer = isOpaque(token) ? this.issuers.findIntrospecting(token) : undefined;
    const introspection = issuer?.options.introspection;
    if (!issuer || !introspection) throw createUnreadError(token, this.issuers);
    const { revision } = this.verified;
    const caller = await this.introspection.verify(token, issuer, introspection, address);
    this.issuers.remember(caller.claims, issuer);
    this.own.check(caller, issuer.options);
    this.verified.remember(caller, introspection.cacheMs, revision);
    return caller;
  }
}

/** Gives passport-jwt the key of a token that is not verified yet. */
function provideKey({ signed }: PresentedToken, _token: string, done: (error: unknown, key?: KeyObject) => void): void {
  if (!signed) throw new Error('A token reached passport-jwt before it was read');
  findAccessTokenKey(signed).then(
    (key) => {
      done(null, key);
    },
    (error: unknown) => {
      done(error);
    },
  );
}
