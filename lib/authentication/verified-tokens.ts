import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import QuickLRU from 'quick-lru';
import type { Caller } from './caller.js';

const MAX_TOKENS = 10_000;

/** Milliseconds for which a verification holds. Short, so that a key that the issuer withdraws stops counting. */
const MAX_AGE = 60_000;

/** Remembers who a token was verified to be, by the token's hash, for a short while and never past its expiry. */
@Injectable()
export class VerifiedTokens {
  readonly #callers = new QuickLRU<string, Caller>({ maxSize: MAX_TOKENS });

  find(token: string): Caller | undefined {
    return this.#callers.get(hash(token));
  }

  remember(caller: Caller): void {
    const maxAge = Math.min(MAX_AGE, caller.expiresAt * 1000 - Date.now());
    if (maxAge > 0) this.#callers.set(hash(caller.token.reveal()), caller, { maxAge });
  }
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
