import { randomUUID } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { compactVerify } from 'jose';
import passport from 'passport';
import { Strategy, type SecretOrKeyProvider, type StrategyOptionsWithoutRequest } from 'passport-jwt';
import { Issuers } from '../issuers/issuers.js';
import { SIGNING_ALGORITHMS } from '../issuers/issuer-options.js';
import type { Caller } from '../access/caller.js';
import type { TokenClaims } from '../access/claims.js';
import { credentialsOf, type CredentialSource } from './credentials.js';
import { Introspection } from './introspection.js';
import { InvalidTokenError } from './invalid-token-error.js';
import { keyFor, readToken, type SignedToken } from './signed-token.js';
import { callerOf } from './token-claims.js';
import { VerifiedTokens } from './verified-tokens.js';

/** Milliseconds for which a verification holds. Short, so that a key that the issuer withdraws stops counting. */
const MAX_AGE = 60_000;

/** What jsonwebtoken, behind passport-jwt, cannot verify. */
const EDWARDS = ['EdDSA', 'Ed25519'];

/**
 * Verifies access tokens: JWTs of a configured issuer with its keys (RFC 9068 section 4), others by asking the issuer
 * (RFC 7662), where that is configured.
 */
@Injectable()
export class AccessTokenStrategy
  extends PassportStrategy(Strategy, 'nestjs-mcp-auth')
  implements OnApplicationShutdown
{
  /** Passport keeps strategies by name in one place for the whole process; two modules must not share one. */
  override readonly name = `nestjs-mcp-auth:${randomUUID()}`;

  // Passport calls `authenticate` on an object made from this one, which has no private members of its own: no "#".
  constructor(
    private readonly issuers: Issuers,
    private readonly introspection: Introspection,
    private readonly verified: VerifiedTokens,
  ) {
    super({
      jwtFromRequest: tokenOf,
      secretOrKeyProvider: keyProvider(issuers),
      algorithms: SIGNING_ALGORITHMS.filter((algorithm) => !EDWARDS.includes(algorithm)),
      // What the claims have to be differs between issuers: `callerOf` checks them all.
      ignoreExpiration: true,
      jsonWebTokenOptions: { ignoreNotBefore: true },
      passReqToCallback: true,
    } as unknown as StrategyOptionsWithoutRequest);
    passport.use(this.name, this);
  }

  /** Called by passport. */
  override authenticate(request: CredentialSource): void {
    const token = tokenOf(request) ?? '';
    const signed = readToken(token, this.issuers);
    if (signed && !EDWARDS.includes(signed.header.alg)) {
      super.authenticate(request as never);
      return;
    }
    (signed ? this.verifyEdwards(signed) : this.introspect(token)).then(
      (caller) => {
        this.success(caller);
      },
      (error: unknown) => {
        this.fail(error as never);
      },
    );
  }

  /** Called by passport-jwt with the claims of a token whose signature is good. */
  validate(request: CredentialSource, claims: TokenClaims): Caller {
    return this.accepted(claims, tokenOf(request) ?? '');
  }

  onApplicationShutdown(): void {
    passport.unuse(this.name);
  }

  private async verifyEdwards(signed: SignedToken): Promise<Caller> {
    const { key } = await keyFor(signed);
    try {
      await compactVerify(signed.token, key, { algorithms: EDWARDS });
    } catch {
      throw new InvalidTokenError('The token has a wrong signature');
    }
    return this.accepted(signed.claims, signed.token);
  }

  private accepted(claims: TokenClaims, token: string): Caller {
    const issuer = this.issuers.issuerOf(claims);
    if (!issuer) throw new InvalidTokenError('The token is from another issuer');
    const caller = callerOf(claims, token, issuer.options);
    this.verified.remember(caller, MAX_AGE);
    return caller;
  }

  private async introspect(token: string): Promise<Caller> {
    const issuer = this.issuers.introspecting(token);
    const introspection = issuer?.options.introspection;
    if (!issuer || !introspection)
      throw new InvalidTokenError('The token is not a JWT of an issuer that is trusted here');
    const caller = await this.introspection.verify(token, issuer, introspection);
    this.verified.remember(caller, introspection.maxAge);
    return caller;
  }
}

function tokenOf(request: CredentialSource): string | null {
  const credentials = credentialsOf(request);
  return credentials.kind === 'token' ? credentials.token : null;
}

/** Gives passport-jwt the key of a token that is still unverified. */
function keyProvider(issuers: Issuers): SecretOrKeyProvider {
  return (_request, token: string, done) => {
    const signed = readToken(token, issuers);
    if (!signed) {
      done(new InvalidTokenError('The token is not a JWT of an issuer that is trusted here'));
      return;
    }
    keyFor(signed).then(
      ({ key }) => {
        done(null, key as unknown as string);
      },
      (error: unknown) => {
        done(error);
      },
    );
  };
}
