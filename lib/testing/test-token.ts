import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { TestKey } from './test-key.js';

/** What a token is to say. Every other member becomes a claim as it is, and `undefined` leaves a claim out. */
export interface TestTokenClaims {
  /** The user. Defaults to `alice`. */
  readonly sub?: string | undefined;
  /** Scopes, for the claim `scope` (RFC 9068 section 2.2.3). */
  readonly scopes?: readonly string[] | undefined;
  /** Who it is for: the claim `aud`. */
  readonly audience?: string | readonly string[] | undefined;
  /** Milliseconds from now until it expires; less than 0 for a token that has. Defaults to 300 000. */
  readonly expiresInMs?: number | undefined;
  /** Any other claim. */
  readonly [claim: string]: unknown;
}

/** Seconds. */
export const LIFETIME = 300;

/** The claims of an access token as RFC 9068 has it. */
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
    // What is no list is for the token itself: somebody tries what becomes of a claim of this name.
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
