import { createHash } from 'node:crypto';
import QuickLRU from 'quick-lru';

const MAX_TOKENS = 10_000;

/** Seconds before its expiry in which a token is no longer used: it still has to travel, and clocks differ. */
const MARGIN = 30;

/** Seconds for which a token is kept whose lifetime its issuer does not tell. */
const UNTOLD_LIFETIME = 60;

/** A token for a downstream, and for how many seconds it is good. */
export interface ExchangedToken {
  readonly value: string;
  readonly expiresIn: number | undefined;
}

/** Whose token, for what. Every field is part of the key; nothing else tells two callers apart. */
export interface ExchangeKey {
  readonly issuer: string;
  /** The token that came in: not the user's name, which two callers may share. */
  readonly subjectToken: string;
  readonly audience: string | undefined;
  readonly resource: string | undefined;
  readonly scopes: readonly string[];
}

/** Keeps exchanged tokens until shortly before they expire, and lets one exchange serve all who wait for it. */
export class ExchangedTokens {
  readonly #tokens = new QuickLRU<string, string>({ maxSize: MAX_TOKENS });
  readonly #exchanges = new Map<string, Promise<string>>();

  /**
   * @param subjectExpiresAt - `exp` of the subject token, in seconds since the epoch; nothing is kept beyond it
   * @param exchange - gets a token; its failure is not remembered
   */
  async get(key: ExchangeKey, subjectExpiresAt: number, exchange: () => Promise<ExchangedToken>): Promise<string> {
    const id = idOf(key);
    const known = this.#tokens.get(id);
    if (known !== undefined) return known;
    let running = this.#exchanges.get(id);
    if (!running) {
      running = this.#exchange(id, subjectExpiresAt, exchange).finally(() => this.#exchanges.delete(id));
      this.#exchanges.set(id, running);
    }
    return await running;
  }

  async #exchange(id: string, subjectExpiresAt: number, exchange: () => Promise<ExchangedToken>): Promise<string> {
    const { value, expiresIn = UNTOLD_LIFETIME } = await exchange();
    const lifetime = Math.min(expiresIn, subjectExpiresAt - Date.now() / 1000);
    const maxAge = (lifetime - Math.min(MARGIN, lifetime / 2)) * 1000;
    if (maxAge > 0) this.#tokens.set(id, value, { maxAge });
    return value;
  }
}

function idOf({ issuer, subjectToken, audience, resource, scopes }: ExchangeKey): string {
  // JSON keeps the fields apart whatever is in them.
  const fields = JSON.stringify([issuer, subjectToken, audience ?? null, resource ?? null, [...scopes].sort()]);
  return createHash('sha256').update(fields).digest('base64url');
}
