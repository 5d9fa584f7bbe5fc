import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CleanLogger } from '../../log/clean-logger.js';
import type { ExchangedToken } from '../dialects/dialect.js';
import { describeError } from '../../errors/reason.js';
import { waitFor } from '../../time/time-limit.js';
import { CallerLimits } from '../../limits/caller-limits.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { Revocations } from '../../resource-server/authentication/revocations.js';
import { IssuerOutages, isTemporary, LateError, PATIENCE, PausedError } from './issuer-outages.js';
import { isGood, toKeptToken, type KeptToken } from './kept-token.js';
import { LocalTokens } from './local-tokens.js';
import { isRevoking, type Revocation } from '../../resource-server/access/revocation.js';
import { RevocationError } from '../../errors/revocation-error.js';
import { SharedExchange } from './shared-exchange.js';
import { computeLife, isRevokedBy, type TokenLife } from './token-lifetime.js';
import { deriveTokenId } from './token-id.js';
import type { TokenOwner } from './token-owner.js';
import type { TokenRequest } from './token-request.js';

/**
 * Milliseconds by which the caller's token has to outlive the kept token. Otherwise renewing it ahead of time gains
 * nothing.
 */
const LEAST_GAIN = 60_000;

/** Milliseconds after a failed renewal until it is tried again. */
const RENEWAL_PAUSE = 5_000;

/** A running exchange, and those who wait for it. */
interface Flight {
  readonly owner: TokenOwner;
  readonly result: Promise<ObtainedToken>;
  readonly fate: { isRevoked: boolean };
}

/** A token that was obtained. */
interface ObtainedToken {
  readonly life: TokenLife;
  /** Whether this process keeps it, so that later calls find it. */
  readonly isKept: boolean;
}

/**
 * Keeps the exchanged tokens of one server until shortly before they expire. All callers that wait for the same token
 * share one exchange.
 */
@Injectable()
export class ServerTokenCache implements OnApplicationShutdown {
  readonly #logger = new CleanLogger('TokenCache');
  readonly #local: LocalTokens;
  readonly #shared: SharedExchange | undefined;
  /** Milliseconds for which a token is used without asking the shared store. */
  readonly #localMaxAge: number;
  readonly #outages = new IssuerOutages();
  readonly #flights = new Map<string, Flight>();
  /** Renewals of tokens that are still valid. */
  readonly #renewals = new Map<string, Flight>();

  constructor(
    @Inject(ResolvedOptions) { tokenCache, replicas }: Pick<ResolvedOptions, 'tokenCache' | 'replicas'>,
    @Inject(CallerLimits) limits: CallerLimits,
    @Inject(Revocations) private readonly revocations = new Revocations(),
  ) {
    const { localMaxAgeMs: localMaxAge } = tokenCache;
    const { shared } = replicas;
    this.#local = new LocalTokens(limits.of('cachedTokens'));
    this.#shared = shared && new SharedExchange(shared);
    this.#localMaxAge = shared ? localMaxAge : Number.POSITIVE_INFINITY;
    revocations.onRevoked((revocation) => {
      this.#drop(revocation);
    });
  }

  /**
   * Returns a kept token, or a new one.
   *
   * @throws what `obtain` throws
   */
  async get(request: TokenRequest): Promise<ExchangedToken> {
    const { key, owner, refused, call } = request;
    const id = deriveTokenId(owner, key);
    const failure = this.#local.findFailure(id);
    if (failure) throw failure.error;
    const kept = this.#local.find(id);
    const isRefused = kept !== undefined && kept.token.value === refused;
    if (isRefused) this.#local.drop(id);
    else if (kept && isGood(kept) && performance.now() < kept.freshUntil) {
      this.#renewAhead(id, kept, request);
      return kept.token;
    }
    const held = kept ? undefined : call?.find(id, refused);
    if (held) return held;
    const { life, isKept } = await (kept && !isRefused
      ? this.#replace(id, request, kept)
      : this.#obtain(id, request, false));
    if (!isKept) call?.hold(id, life, owner);
    return life.token;
  }

  /**
   * Obtains a token in place of one that can still be used. If none can be had, or it takes long, that one is used, unless
   * it was revoked meanwhile.
   */
  async #replace(id: string, request: TokenRequest, kept: KeptToken): Promise<ObtainedToken> {
    const obtaining = this.#obtain(id, request, isGood(kept));
    try {
      return await waitFor(obtaining, PATIENCE, () => new LateError());
    } catch (error) {
      const life = isTemporary(request, error) ? this.#findFallback(id, request.refused) : undefined;
      if (life) {
        this.#outages.recordUse(request.source);
        return { life, isKept: true };
      }
      if (error instanceof LateError) return await obtaining;
      if (error instanceof PausedError) return await this.#obtain(id, request, false);
      throw error;
    }
  }

  /** @param isValid - whether the caller has a valid token, and so does not wait for the renewal */
  async #obtain(id: string, request: TokenRequest, isValid: boolean): Promise<ObtainedToken> {
    const { refused } = request;
    const renewal = isValid ? undefined : this.#renewals.get(id);
    const renewed = await renewal?.result.catch(() => undefined);
    if (renewed && renewed.life.token.value !== refused) return renewed;
    const running = this.#flights.get(id);
    if (running) {
      const obtained = await running.result;
      // The exchange may have begun before the API refused its token.
      if (obtained.life.token.value !== refused) return obtained;
    }
    return await (this.#flights.get(id) ?? this.#start(this.#flights, id, request, refused)).result;
  }

  /** Forgets a token that an API refused, if it is still the kept one. */
  async forget({ key, owner }: Pick<TokenRequest, 'key' | 'owner'>, refused: string): Promise<void> {
    const id = deriveTokenId(owner, key);
    if (this.#local.find(id)?.token.value === refused) this.#local.drop(id);
    await this.#shared?.forget(id, owner, refused);
  }

  /**
   * Forgets the tokens of a user at an issuer, or those of one session, and ends what else the server keeps for them.
   *
   * @throws {@link RevocationError} if the shared store failed, so that other replicas may still have them
   */
  async revoke(revocation: Revocation): Promise<void> {
    try {
      await this.#shared?.revoke(revocation);
    } catch (error) {
      throw new RevocationError(`Other replicas could not be notified of a revocation: ${describeError(error)}`);
    } finally {
      // Not before the store knows: other replicas would get the tokens from it again.
      this.revocations.announce(revocation, 'here');
    }
  }

  /** Called by Nest. Running exchanges must not reconnect the store. */
  onApplicationShutdown(): void {
    this.#shared?.stop();
  }

  #drop(revocation: Revocation): void {
    this.#local.dropAll((kept) => isRevoking(revocation, kept));
    for (const flights of [this.#flights, this.#renewals]) {
      for (const [id, { owner, fate }] of flights) {
        if (!isRevoking(revocation, owner)) continue;
        fate.isRevoked = true;
        flights.delete(id);
      }
    }
  }

  #start(flights: Map<string, Flight>, id: string, request: TokenRequest, outdated: string | undefined): Flight {
    const fate = { isRevoked: false };
    const isAhead = flights === this.#renewals;
    const result = this.#exchange(id, request, outdated, isAhead, fate).finally(() => {
      if (flights.get(id)?.fate === fate) flights.delete(id);
    });
    const flight = { owner: request.owner, result, fate };
    flights.set(id, flight);
    return flight;
  }

  async #exchange(
    id: string,
    request: TokenRequest,
    outdated: string | undefined,
    isAhead: boolean,
    fate: Flight['fate'],
  ): Promise<ObtainedToken> {
    const { owner } = request;
    const obtain = async () => {
      const askedAt = Date.now();
      const token = await this.#outages.ask(request, this.#local.find(id) !== undefined);
      return computeLife(token, owner.expiresAt, askedAt);
    };
    try {
      const life = await (this.#shared?.get({
        id,
        owner,
        outdated,
        isRefused: !isAhead,
        obtain,
        fallback: () => {
          const kept = this.#findFallback(id, outdated);
          return kept && isGood(kept) ? kept : undefined;
        },
        onAbsent: (marks) => {
          const kept = this.#local.find(id);
          if (kept && isRevokedBy(marks, kept.marks)) this.#local.drop(id);
        },
        isRevoked: () => fate.isRevoked,
      }) ?? obtain());
      const kept = fate.isRevoked ? undefined : this.#local.keep(id, toKeptToken(life, owner, this.#localMaxAge));
      if (kept && !isAhead) this.#renewAhead(id, kept, request);
      return { life, isKept: kept !== undefined };
    } catch (error) {
      if (!isAhead && request.isFinal(error)) this.#local.rememberFailure(id, owner, error);
      throw error;
    }
  }

  #findFallback(id: string, outdated: string | undefined): KeptToken | undefined {
    const kept = this.#local.find(id);
    return kept?.token.value === outdated ? undefined : kept;
  }

  /** Runs in the background. Its failure is ignored, because the token is still valid. */
  #renewAhead(id: string, kept: KeptToken, request: TokenRequest): void {
    const now = performance.now();
    if (now < kept.renewAt || this.#renewals.has(id)) return;
    if (request.owner.expiresAt < kept.expiresAt + LEAST_GAIN) return;
    kept.renewAt = now + (kept.replaceAt - now) / 2;
    this.#start(this.#renewals, id, request, kept.token.value).result.catch((error: unknown) => {
      kept.renewAt = Math.min(kept.renewAt, performance.now() + RENEWAL_PAUSE);
      if (error instanceof PausedError) return;
      this.#logger.debug(`A token could not be renewed ahead of its expiry: ${describeError(error)}`);
    });
  }
}
