import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { ExchangedToken } from '../dialects/dialect.js';
import { describeError } from '../../errors/reason.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { deriveKey } from '../../replicas/cache-key.js';
import { toKeptToken, type KeptToken } from './kept-token.js';
import { LocalTokens } from './local-tokens.js';
import { isRevoking, type Revocation } from './revocation.js';
import { RevocationError } from '../../errors/revocation-error.js';
import { SharedExchange } from './shared-exchange.js';
import { computeLife, type TokenLife } from './token-lifetime.js';
import type { TokenOwner, TokenRequest } from './token-request.js';

/** Milliseconds by which the token that came in has to outlive one that is renewed ahead of time, or nothing is gained. */
const LEAST_GAIN = 60_000;

/** An exchange that is running, and who waits for it. */
interface Flight {
  readonly owner: TokenOwner;
  readonly token: Promise<ExchangedToken>;
  readonly fate: { isRevoked: boolean };
}

/**
 * Keeps the exchanged tokens of one server until shortly before they expire, and lets one exchange serve all who wait for
 * it.
 */
@Injectable()
export class ServerTokenCache implements OnApplicationShutdown {
  readonly #logger = new Logger('TokenCache');
  readonly #local: LocalTokens;
  readonly #shared: SharedExchange | undefined;
  /** Milliseconds for which a token is used without asking the shared store. */
  readonly #localMaxAge: number;
  readonly #flights = new Map<string, Flight>();
  /** Of tokens that are still good. */
  readonly #renewals = new Map<string, Flight>();

  constructor(@Inject(ResolvedOptions) { tokenCache, replicas }: Pick<ResolvedOptions, 'tokenCache' | 'replicas'>) {
    const { maxEntries, localMaxAgeMs: localMaxAge } = tokenCache;
    const { shared } = replicas;
    this.#local = new LocalTokens(maxEntries);
    this.#shared = shared && new SharedExchange(shared);
    this.#localMaxAge = shared ? localMaxAge : Number.POSITIVE_INFINITY;
  }

  /**
   * A token that is kept, or a new one.
   *
   * @throws what `obtain` throws
   */
  async get(request: TokenRequest): Promise<ExchangedToken> {
    const { key, owner, refused } = request;
    const id = deriveId(owner, key);
    const failure = this.#local.findFailure(id);
    if (failure) throw failure.error;
    const kept = this.#local.find(id);
    const isRefused = kept !== undefined && kept.token.value === refused;
    if (isRefused) this.#local.drop(id);
    else if (kept && performance.now() < kept.freshUntil) {
      this.#renewAhead(id, kept, request);
      return kept.token;
    }
    // Whoever has a token that is good does not wait for the next.
    const renewal = kept && !isRefused ? undefined : this.#renewals.get(id);
    const renewed = await renewal?.token.catch(() => undefined);
    if (renewed && renewed.value !== refused) return renewed;
    const running = this.#flights.get(id);
    if (running) {
      const token = await running.token;
      // It may have begun before the API refused what came of it.
      if (token.value !== refused) return token;
    }
    return await (this.#flights.get(id) ?? this.#start(this.#flights, id, request, refused)).token;
  }

  /** Forgets a token that an API refused, where it is still the one that is kept. */
  async forget({ key, owner }: Pick<TokenRequest, 'key' | 'owner'>, refused: string): Promise<void> {
    const id = deriveId(owner, key);
    if (this.#local.find(id)?.token.value === refused) this.#local.drop(id);
    await this.#shared?.forget(id, owner, refused);
  }

  /**
   * Forgets the tokens of a user at an issuer, or those of one session.
   *
   * @throws {@link RevocationError} if the shared store did not take it, so that it counts in this process alone
   */
  async revoke(revocation: Revocation): Promise<void> {
    try {
      await this.#shared?.revoke(revocation);
    } catch (error) {
      throw new RevocationError(`Other replicas could not be told of a revocation: ${describeError(error)}`);
    } finally {
      this.#local.dropAll((kept) => isRevoking(revocation, kept));
      for (const flights of [this.#flights, this.#renewals]) {
        for (const [id, { owner, fate }] of flights) {
          if (!isRevoking(revocation, owner)) continue;
          fate.isRevoked = true;
          flights.delete(id);
        }
      }
    }
  }

  /** Called by Nest: what is still running must not connect the store anew. */
  onApplicationShutdown(): void {
    this.#shared?.stop();
  }

  #start(flights: Map<string, Flight>, id: string, request: TokenRequest, outdated: string | undefined): Flight {
    const fate = { isRevoked: false };
    const isAhead = flights === this.#renewals;
    const token = this.#exchange(id, request, outdated, isAhead, fate).finally(() => {
      if (flights.get(id)?.fate === fate) flights.delete(id);
    });
    const flight = { owner: request.owner, token, fate };
    flights.set(id, flight);
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
    const obtain = async () => {
      const askedAt = Date.now();
      return computeLife(await request.obtain(), owner.expiresAt, askedAt);
    };
    try {
      const life = await (this.#shared?.get({
        id,
        owner,
        outdated,
        isRefused: !isAhead,
        obtain,
        fallback: () => this.#findFallback(id, outdated),
        onAbsent: () => {
          this.#local.drop(id);
        },
        isRevoked: () => fate.isRevoked,
      }) ?? obtain());
      if (!fate.isRevoked) {
        const kept = this.#local.keep(id, toKeptToken(life, owner, this.#localMaxAge));
        if (kept && !isAhead) this.#renewAhead(id, kept, request);
      }
      return life.token;
    } catch (error) {
      if (!isAhead && request.isFinal(error)) this.#local.rememberFailure(id, error);
      throw error;
    }
  }

  #findFallback(id: string, outdated: string | undefined): TokenLife | undefined {
    const kept = this.#local.find(id);
    return kept?.token.value === outdated ? undefined : kept;
  }

  /** Nobody waits for it, and nobody minds if it fails: the token is still good. */
  #renewAhead(id: string, kept: KeptToken, request: TokenRequest): void {
    const now = performance.now();
    if (now < kept.renewAt || this.#renewals.has(id)) return;
    if (request.owner.expiresAt < kept.expiresAt + LEAST_GAIN) return;
    kept.renewAt = now + (kept.diesAt - now) / 2;
    this.#start(this.#renewals, id, request, kept.token.value).token.catch((error: unknown) => {
      this.#logger.debug(`A token could not be renewed ahead of its expiry: ${describeError(error)}`);
    });
  }
}

function deriveId({ issuer, subject }: TokenOwner, key: TokenRequest['key']): string {
  return deriveKey([issuer, subject, ...key]);
}
