import { randomUUID, type KeyObject } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import passport from 'passport';
import { Strategy, type SecretOrKeyProvider, type StrategyOptionsWithoutRequest } from 'passport-jwt';
import { Issuers } from '../issuers/issuers.js';
import { ResolvedOptions } from '../options/mcp-auth-options.js';
import { bearerCredentials, type CredentialSource } from './bearer-token.js';
import type { Caller } from './caller.js';
import { InvalidTokenError } from './invalid-token-error.js';
import { callerOf } from './token-claims.js';

/** Asymmetric alone: with an HMAC, whoever can verify a token can make one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'] as const;

/** RFC 9068 section 2.1, with and without the `application/` prefix, and what most providers still write. */
const TYPES = new Set(['at+jwt', 'application/at+jwt', 'jwt']);

/** Seconds by which the issuer's clock and ours may differ. */
const CLOCK_TOLERANCE = 5;

/** Verifies JWT access tokens (RFC 9068 section 4) with the keys of the configured issuers. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'nestjs-mcp-auth') implements OnApplicationShutdown {
  /** Passport keeps strategies by name in one place for the whole process; two modules must not share one. */
  override readonly name = `nestjs-mcp-auth:${randomUUID()}`;

  constructor(@Inject(ResolvedOptions) options: ResolvedOptions, @Inject(Issuers) issuers: Issuers) {
    super({
      jwtFromRequest: (request: CredentialSource) => tokenOf(request),
      secretOrKeyProvider: keyProvider(issuers),
      algorithms: [...ALGORITHMS],
      issuer: issuers.identifiers,
      audience: [...options.audiences],
      jsonWebTokenOptions: { clockTolerance: CLOCK_TOLERANCE },
      passReqToCallback: true,
    } as unknown as StrategyOptionsWithoutRequest);
    passport.use(this.name, this);
  }

  validate(request: CredentialSource, claims: Record<string, unknown>): Caller {
    return callerOf(claims, tokenOf(request) ?? '');
  }

  onApplicationShutdown(): void {
    passport.unuse(this.name);
  }
}

function tokenOf(request: CredentialSource): string | null {
  const credentials = bearerCredentials(request);
  return credentials.kind === 'token' ? credentials.token : null;
}

/**
 * Finds the key for a token that is still unverified. Its `iss` only chooses among the configured issuers, and the
 * signature then covers that same `iss`; nothing that a token names is ever fetched.
 */
function keyProvider(issuers: Issuers): SecretOrKeyProvider {
  return (_request, token: string, done) => {
    keyFor(token, issuers).then(
      (key) => {
        done(null, key as unknown as string);
      },
      (error: unknown) => {
        done(error);
      },
    );
  };
}

async function keyFor(token: string, issuers: Issuers): Promise<KeyObject> {
  const { header, claims } = decode(token);
  const { typ, alg, kid } = header;
  if (!TYPES.has(String(typ).toLowerCase())) throw new InvalidTokenError('The token is not an access token');
  if (header.crit !== undefined) throw new InvalidTokenError('The token has critical header parameters');
  const issuer = typeof claims.iss === 'string' ? issuers.find(claims.iss) : undefined;
  if (!issuer) throw new InvalidTokenError('The token is from another issuer');
  const key = await issuer.keys.find({ alg: alg ?? '', kid });
  if (!key) throw new InvalidTokenError('The token is signed with an unknown key');
  return key.key;
}

function decode(token: string) {
  if (!token.split('.').every(isCanonical)) throw new InvalidTokenError('The token is not a JWT');
  try {
    return { header: decodeProtectedHeader(token), claims: decodeJwt(token) };
  } catch {
    throw new InvalidTokenError('The token is not a JWT');
  }
}

/** RFC 4648 section 3.5: what decodes to the same bytes is not the same token. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}
