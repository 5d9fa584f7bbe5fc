import { Injectable } from '@nestjs/common';
import { PROPERTY_DEPS_METADATA } from '@nestjs/common/constants.js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { AuthGuard } from '@nestjs/passport';
import type { Caller } from '../access/caller.js';
import { Issuers } from '../issuers/issuers.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { ClaimsValidation } from './claims-validation.js';
import { PresentedToken } from './presented-token.js';
import { hashToken, toAccessToken } from './token-hash.js';
import { VerifiedTokens } from './verified-tokens.js';

/**
 * Decides whether an access token is good here, and whose it is. Every request goes through it, and so does the doctor.
 * Nest's guard for passport runs the strategy.
 */
@Injectable()
export class TokenVerification extends AuthGuard() {
  constructor(
    private readonly issuers: Issuers,
    private readonly verified: VerifiedTokens,
    private readonly validation: ClaimsValidation,
    strategy: AccessTokenStrategy,
  ) {
    super({ defaultStrategy: strategy.name, session: false });
  }

  /**
   * @param address - of whoever sends the token
   * @param prove - checks that the sender of a bound token has its key, before the application is asked
   * @throws {@link InvalidTokenError} if the token is not valid here, or the application does not accept it
   * @throws {@link IssuerUnusableError} if its issuer cannot be had
   * @throws what `prove` throws
   */
  async verify(
    token: string,
    address: string | undefined,
    prove: (caller: Caller) => Promise<void> | undefined,
  ): Promise<Caller> {
    // What is not waited for needs no promise: almost always, all of it.
    const resolving = this.issuers.resolve(token, address);
    if (resolving) await resolving;
    const hash = hashToken(token);
    const known = this.verified.find(hash);
    const caller = known ?? (await this.#identify(new PresentedToken(toAccessToken(token, hash), address)));
    const proving = prove(caller);
    if (proving) await proving;
    const validating = this.validation.check(caller);
    if (validating) await validating;
    return caller;
  }

  async #identify(presented: PresentedToken): Promise<Caller> {
    // The strategy gets what is presented in place of the request.
    await super.canActivate(new ExecutionContextHost([presented, {}]));
    if (!presented.user) throw new Error('Passport let a token pass without saying whose it is');
    return presented.user;
  }

  /** Called by `canActivate` of `@nestjs/passport`. */
  override handleRequest<User = Caller>(error: unknown, user: User | false): User {
    if (user) return user;
    throw (error as Error | null) ?? new Error('Passport refused a token without saying why');
  }
}

// Without this, Nest would replace the options given above with those of a PassportModule that this module can see.
// Another strategy would then identify the caller.
Reflect.defineMetadata(PROPERTY_DEPS_METADATA, [], TokenVerification);
