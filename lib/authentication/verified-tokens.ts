import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import QuickLRU from 'quick-lru';
import type { Caller } from './caller.js';

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
}

function hash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}
