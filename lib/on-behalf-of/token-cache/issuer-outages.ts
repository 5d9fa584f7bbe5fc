import QuickLRU from 'quick-lru';
import { deriveKey } from '../../replicas/composite-key.js';
import type { TokenRequest, TokenSource } from './token-request.js';
import { countOldToken } from '../../observability/metrics.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { Stopwatch } from '../../time/stopwatch.js';

/** Milliseconds after a failure in which callers who have a token do not ask for a new one. */
const PAUSE = 5_000;

const logger = new CleanLogger('TokenCache');

/** Milliseconds for which a caller with a valid token waits for a new one. */
export const PATIENCE = 1_000;

/** Nobody who has a token asks for a new one for a while, because none could be had. */
export class PausedError extends Error {}

/** A new token is not there in time for a caller with a valid one. */
export class LateError extends Error {}

/** Outages that are remembered. With `issuerResolver` there may be any number of issuers. The least recent go first. */
const MAX_OUTAGES = 1_000;

/** How a token is asked for, and what its failures mean. */
export interface Obtaining<Token> extends Pick<TokenRequest, 'source' | 'isFinal' | 'isTemporary'> {
  readonly obtain: () => Promise<Token>;
}

/** Since when tokens cannot be had from somewhere. */
interface Outage {
  readonly pause: Stopwatch;
  isTold: boolean;
}

/** Knows from where no new tokens can be had at present. */
export class IssuerOutages {
  readonly #outages = new QuickLRU<string, Outage>({ maxSize: MAX_OUTAGES });

  /**
   * Asks for a new token. After a failure only one of those who have a token asks, once in a while.
   *
   * @param hasToken - whether whoever asks has a token that can still be used
   * @throws what `obtain` throws, or {@link PausedError}
   */
  async ask<Token>(request: Obtaining<Token>, hasToken: boolean): Promise<Token> {
    const { source } = request;
    if (hasToken && !this.#mayAsk(source)) throw new PausedError();
    const slow = setTimeout(() => {
      this.#begin(source);
    }, PATIENCE);
    try {
      const token = await request.obtain();
      this.#end(source);
      return token;
    } catch (error) {
      if (isTemporary(request, error)) this.#begin(source);
      throw error;
    } finally {
      clearTimeout(slow);
    }
  }

  /** Records that a token is used because no new one can be had. The log has the first one of an outage. */
  recordUse(source: TokenSource | undefined): void {
    countOldToken(source?.downstream);
    const outage = this.#outages.get(identify(source));
    if (!source || !outage || outage.isTold) return;
    outage.isTold = true;
    logger.warn(
      `No new tokens for ${source.downstream} can be had from ${source.issuer}. Callers use those that they have, as long as these are valid`,
    );
  }

  #begin(source: TokenSource | undefined): void {
    const key = identify(source);
    const isTold = this.#outages.get(key)?.isTold ?? false;
    this.#outages.set(key, { pause: new Stopwatch(), isTold });
  }

  #end(source: TokenSource | undefined): void {
    const key = identify(source);
    const wasTold = this.#outages.get(key)?.isTold ?? false;
    this.#outages.delete(key);
    if (wasTold && source) logger.log(`New tokens for ${source.downstream} can be had from ${source.issuer} again`);
  }

  #mayAsk(source: TokenSource | undefined): boolean {
    const key = identify(source);
    const outage = this.#outages.get(key);
    if (!outage) return true;
    if (outage.pause.elapsed < PAUSE) return false;
    // The others do not wait for what comes of it.
    this.#outages.set(key, { ...outage, pause: new Stopwatch() });
    return true;
  }
}

/** Whether a failure says only that no token can be had now. */
export function isTemporary(
  { isTemporary, isFinal }: Pick<TokenRequest, 'isFinal' | 'isTemporary'>,
  error: unknown,
): boolean {
  if (error instanceof PausedError || error instanceof LateError) return true;
  return isTemporary ? isTemporary(error) : !isFinal(error);
}

function identify(source: TokenSource | undefined): string {
  return deriveKey('token-source', source?.issuer, source?.downstream);
}
