import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ExchangedToken } from '../exchange/dialect.js';
import { reasonOf } from '../issuers/issuer-fetch.js';
import { ResolvedOptions } from '../options/resolved-options.js';
import { keyOf } from './cache-key.js';
import { keptToken, type KeptToken } from './kept-token.js';
import { LocalTokens } from './local-tokens.js';
import { concerns, type Revocation } from './revocation.js';
import { RevocationError } from './revocation-error.js';
import { SharedExchange } from './shared-exchange.js';
import { lifeOf, type TokenLife } from './token-lifetime.js';
import type { TokenOwner, TokenRequest } from './token-request.js';

export type { TokenOwner, TokenRequest } from './token-request.js';

/** Milliseconds by which the token that came in has to outlive one that is renewed ahead of time, or nothing is gained. */
const LEAST_GAIN = 60_000;

/** An exchange that is running, and who waits for it. */
interface Flight {
  readonly owner: TokenOwner;
  readonly token: Promise<ExchangedToken>;
  readonly fate: { isRevoked: boolean };
}

/**
 * Keeps exchanged tokens until shortly before they expire, and lets one exchange serve all who wait for it. Applications
 * inject it to forget tokens: {@link revoke}.
 */
@Injectable()
export class TokenCache {
  readonly #logger = new Logger(TokenCache.name);
  readonly #local: LocalTokens;
  readonly #shared: SharedExchange | undefined;
  /** Milliseconds for which a token is used without asking the shared store. */
  readonly #localMaxAge: number;
  readonly #flights = new Map<string, Flight>();

  constructor(@Inject(ResolvedOptions) { tokenCache }: Pick<ResolvedOptions, 'tokenCache'>) {
    const { maxEntries, shared } = tokenCache;
    this.#local = new LocalTokens(maxEntries);
    this.#shared = shared && new SharedExchange(shared);
    this.#localMaxAge = shared?.localMaxAge ?? Number.POSITIVE_INFINITY;
  }

  /**
   * A token that is kept, or a new one. For the package itself.
   *
   * @throws what `obtain` throws
   * @internal
   */
  async get(request: TokenRequest): Promise<ExchangedToken> {
    const { key, owner, refused } = request;
    const id = keyOf([owner.issuer, owner.subject, ...key]);
    const failure = this.#local.failure(id);
    if (failure) throw failure.error;
    const kept = this.#local.find(id);
    if (kept && kept.token.value === refused) this.#local.drop(id);
    else if (kept && performance.now() < kept.freshUntil) {
      this.#refreshAhead(id, kept, request);
      return kept.token;
    }
    const running = this.#flights.get(id);
    if (running) {
      const token = await running.token;
      // It may have begun before the API refused what came of it.
      if (token.value !== refused) return token;
    }
    return await (this.#flights.get(id) ?? this.#start(id, request, refused)).token;
  }

  /**
   * Forgets the tokens of a user at an issuer, or those of one session. The next call exchanges anew, which the
   * authorization server may refuse. With a shared store it counts in all replicas, in others after `localSeconds`.
   *
   * @throws {@link RevocationError} if the shared store did not take it, so that it counts in this process alone
   */
  async revoke(revocation: Revocation): Promise<void> {
    try {
      await this.#shared?.revoke(revocation);
    } catch (error) {
      throw new RevocationError(`Other replicas could not be told of a revocation: ${reasonOf(error)}`);
    } finally {
      this.#local.dropAll((kept) => concerns(revocation, kept));
      for (const [id, { owner, fate }] of this.#flights) {
        if (!concerns(revocation, owner)) continue;
        fate.isRevoked = true;
        this.#flights.delete(id);
      }
    }
  }

  #start(id: string, request: TokenRequest, outdated: string | undefined, isAhead = false): Flight {
    const fate = { isRevoked: false };
    const token = this.#exchange(id, request, outdated, isAhead, fate).finally(() => {
      if (this.#flights.get(id)?.fate === fate) this.#flights.delete(id);
    });
    const flight = { owner: request.owner, token, fate };
    this.#flights.set(id, flight);
    return flight;
  }

  async #exchange(
    id: string,
    request: TokenRequest,
    outdated: string | undefined,
    isAhead: boolean,
    fate: Flight['fate'],
  ): Promise<ExchangedToken> {
    const { owner } = request;
    const obtain = async () => lifeOf(await request.obtain(), owner.expiresAt);
    try {
      const life = await (this.#shared?.get({
        id,
        owner,
        outdated,
        isRefused: !isAhead,
        obtain,
        fallback: () => this.#fallback(id, outdated),
        onAbsent: () => {
          this.#local.drop(id);
        },
        isRevoked: () => fate.isRevoked,
      }) ?? obtain());
      if (!fate.isRevoked) this.#local.keep(id, keptToken(life, owner, this.#localMaxAge));
      return life.token;
    } catch (error) {
      if (!isAhead && request.isFinal(error)) this.#local.rememberFailure(id, error);
      throw error;
    }
  }

  #fallback(id: string, outdated: string | undefined): TokenLife | undefined {
    const kept = this.#local.find(id);
    return kept?.token.value === outdated ? undefined : kept;
  }

  /** Nobody waits for it, and nobody minds if it fails: the token is still good. */
  #refreshAhead(id: string, kept: KeptToken, request: TokenRequest): void {
    const now = performance.now();
    if (now < kept.refreshAt || this.#flights.has(id)) return;
    if (request.owner.expiresAt * 1000 < kept.expiresAt + LEAST_GAIN) return;
    kept.refreshAt = now + (kept.diesAt - now) / 2;
    this.#start(id, request, kept.token.value, true).token.catch((error: unknown) => {
      this.#logger.debug(`A token could not be renewed ahead of its expiry: ${reasonOf(error)}`);
    });
  }
}
