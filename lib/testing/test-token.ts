import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { TestKey } from './test-key.js';

/** The claims of a token. Any other member becomes a claim unchanged. `undefined` omits a claim. */
export interface TestTokenClaims {
  /** The user. Defaults to `alice`. */
  readonly sub?: string | undefined;
  /** Scopes, for the claim `scope` (RFC 9068 section 2.2.3). */
  readonly scopes?: readonly string[] | undefined;
  /** The audience: the claim `aud`. */
  readonly audience?: string | readonly string[] | undefined;
  /** Milliseconds until the token expires; negative for an expired token. Defaults to 300 000. */
  readonly expiresInMs?: number | undefined;
  /** Any other claim. */
  readonly [claim: string]: unknown;
}

/** Seconds. */
export const LIFETIME = 300;

/** Builds the claims of an access token (RFC 9068). */
export function buildClaims(issuer: string, asked: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { scopes, audience, expiresInMs, ...claims } = asked;
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    sub: 'alice',
    client_id: 'test-client',
    iat: now,
    exp: now + (typeof expiresInMs === 'number' ? Math.floor(expiresInMs / 1000) : LIFETIME),
    jti: randomUUID(),
    // A value that is not a list becomes the claim `scopes` unchanged, so that a test can send such a claim.
    ...(Array.isArray(scopes) ? { scope: scopes.join(' ') } : scopes !== undefined && { scopes }),
    ...(audience !== undefined && { aud: audience }),
    ...claims,
  };
}

export async function sign(
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>>,
  key: TestKey,
): Promise<string> {
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'at+jwt', ...header })
    .sign(key.privateKey);
}
