import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import QuickLRU from 'quick-lru';
import type { Caller } from '../access/caller.js';

/** A caller, as a sign-out names one. */
export interface RememberedCaller {
  readonly issuer: string;
  readonly subject: string;
  /** `sid`. */
  readonly sessionId: string | undefined;
}

const MAX_TOKENS = 10_000;

/** Remembers who a token was verified to be, by the token's hash, for a short while and never past its expiry. */
@Injectable()
export class VerifiedTokens {
  readonly #callers = new QuickLRU<string, Caller>({ maxSize: MAX_TOKENS });

  find(token: string): Caller | undefined {
    return this.#callers.get(hash(token));
  }

  /** @param maxAge - milliseconds for which the verification holds */
  remember(caller: Caller, maxAge: number): void {
    const lifetime = Math.min(maxAge, caller.expiresAt * 1000 - Date.now());
    if (lifetime > 0) this.#callers.set(hash(caller.token.reveal()), caller, { maxAge: lifetime });
  }

  /** Verifies anew what these present next. */
  forget(isMeant: (caller: RememberedCaller) => boolean): void {
    for (const [token, caller] of this.#callers) {
      const { issuer, subject, claims } = caller;
      const sessionId = typeof claims.sid === 'string' ? claims.sid : undefined;
      if (isMeant({ issuer, subject, sessionId })) this.#callers.delete(token);
    }
  }
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
