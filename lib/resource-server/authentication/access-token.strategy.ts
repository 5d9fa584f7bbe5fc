import { randomUUID, type KeyObject } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt';
import { Issuers } from '../issuers/issuers.js';
import { SIGNING_ALGORITHMS } from '../issuers/issuer-options.js';
import type { Caller } from '../access/caller.js';
import type { TokenClaims } from '../access/claims.js';
import { verifyAccessToken } from './access-token-signature.js';
import { Introspection } from './introspection.js';
import { isOpaque } from './opaque-token.js';
import { LastAnswers } from './last-answers.js';
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

/** What passport-jwt gets in place of a request: a token, and a key that may have signed it. */
interface Attempt {
  readonly token: string;
  readonly key: KeyObject;
}

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

  /** What passport makes objects from, one for each request. */
  private readonly registered: AccessTokenStrategy = this;

  private readonly answers: LastAnswers;

  // No "#" members: passport calls `authenticate` on an object that inherits from this one and would lack them.
  constructor(
    private readonly issuers: Issuers,
    private readonly introspection: Introspection,
    private readonly verified: VerifiedTokens,
    private readonly own: OwnTokens,
  ) {
    super({
      jwtFromRequest: ({ token }: Attempt) => token,
      secretOrKeyProvider: ({ key }: Attempt, _token: string, done: (error: unknown, key: KeyObject) => void) => {
        done(null, key);
      },
      algorithms: SIGNING_ALGORITHMS.filter((algorithm) => !EDWARDS.includes(algorithm)),
      // `toCaller` checks all claims, because the rules differ between issuers.
      ignoreExpiration: true,
      jsonWebTokenOptions: { ignoreNotBefore: true },
    } as unknown as StrategyOptionsWithoutRequest);
    this.answers = new LastAnswers(verified);
    passport.use(this.name, this);
  }

  /** Called by passport. */
  override authenticate(presented: object): void {
    if (!(presented instanceof PresentedToken))
      throw new Error('A request reached the strategy before its token was read');
    this.identify(presented).then(
      (caller) => {
        this.success(caller);
      },
      (error: unknown) => {
        this.error(error as Error);
      },
    );
  }

  /** Called by passport-jwt with the claims of a token whose signature is valid. */
  validate(claims: TokenClaims): TokenClaims {
    return claims;
  }

  onApplicationShutdown(): void {
    passport.unuse(this.name);
  }

  private async identify(presented: PresentedToken): Promise<Caller> {
    const signed = readToken(presented.token.reveal(), this.issuers);
    if (!signed) return await this.introspect(presented);
    return await this.accept(await this.verify(signed), presented, signed.header.typ);
  }

  /** @returns the claims of a token that its issuer has signed */
  private async verify(signed: SignedToken): Promise<TokenClaims> {
    const { alg } = signed.header;
    if (typeof alg === 'string' && EDWARDS.includes(alg)) {
      await verifyAccessToken(signed);
      return signed.claims;
    }
    let claims: TokenClaims | undefined;
    await verifyAccessToken(signed, async ({ token }, key) => {
      claims = await this.verifyWith({ token, key });
      return claims !== undefined;
    });
    if (!claims) throw new Error('A token counts as signed, and passport-jwt has not verified it');
    return claims;
  }

  /** Has passport-jwt verify a token with one key. @returns its claims, if the key has signed it */
  private async verifyWith(attempt: Attempt): Promise<TokenClaims | undefined> {
    return await new Promise((resolve, reject) => {
      const strategy = Object.assign(Object.create(this.registered) as this, {
        success: resolve,
        fail: () => {
          resolve(undefined);
        },
        error: reject,
      });
      super.authenticate.call(strategy, attempt as never);
    });
  }

  /** @param typ - of the header of the token */
  private async accept(claims: TokenClaims, { token, address }: PresentedToken, typ: unknown): Promise<Caller> {
    const issuer = this.issuers.findIssuer(claims);
    if (!issuer) throw createUnreadError(token.reveal(), this.issuers);
    const { introspection } = issuer.options;
    checkRequiredClaims(claims, issuer.options);
    const caller = toCaller(claims, token, issuer.options, { typ });
    this.issuers.remember(caller.claims, issuer);
    this.own.check(caller, issuer.options);
    if (introspection?.includesJwts !== true) {
      this.verified.remember(caller, MAX_AGE);
      return caller;
    }
    return await this.answers.ask(
      token,
      issuer,
      { ...introspection, cacheMs: Math.min(MAX_AGE, introspection.cacheMs) },
      async () => {
        await this.introspection.confirm(caller, issuer, introspection, address);
        return caller;
      },
    );
  }

  private async introspect({ token, address }: PresentedToken): Promise<Caller> {
    // A token of another issuer is shown to nobody.
    const text = token.reveal();
    const issuer = isOpaque(text) ? this.issuers.findIntrospecting(text) : undefined;
    const introspection = issuer?.options.introspection;
    if (!issuer || !introspection) throw createUnreadError(text, this.issuers);
    return await this.answers.ask(token, issuer, introspection, async () => {
      const caller = await this.introspection.verify(token, issuer, introspection, address);
      this.issuers.remember(caller.claims, issuer);
      this.own.check(caller, issuer.options);
      return caller;
    });
  }
}
