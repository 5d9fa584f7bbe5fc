import { Injectable } from '@nestjs/common';
import { ExchangeHealth } from '../on-behalf-of/exchange/exchange-health.js';
import { Issuers } from '../resource-server/issuers/issuers.js';
import { InFlight } from '../mcp/protocol/in-flight.js';
import { ResolvedOptions } from '../options/resolved-options.js';

/** Issuers that are named. */
const MAX_NAMED = 10;

/** The health of an issuer. It contains nothing confidential. */
export interface IssuerHealth {
  /** `up` if its keys are usable. */
  readonly status: 'up' | 'down';
  /** Milliseconds since its keys were fetched. */
  readonly keysAgeMs?: number;
  /** Present if newer keys cannot be fetched, so that a withdrawn one may still be accepted. */
  readonly areKeysStale?: true;
}

/**
 * The health of the issuers that were found for tokens (`issuerResolver`). Those that nobody has used for long are not
 * counted.
 */
export interface ResolvedIssuersHealth {
  /** How many have keys that are usable. */
  readonly up: number;
  /** How many have none. Their users get 503, and all others are served. */
  readonly down: number;
  /** Identifiers of those that are down, ten at most. */
  readonly downIssuers: readonly string[];
}

/** The health of a downstream: `down` if the operator has to act before any caller can use it. */
export interface DownstreamHealth {
  /** `down` if no token could be had, or the API refused it, for a reason that the operator has to fix. */
  readonly status: 'up' | 'down';
  /** Code of the {@link OperatorActionError}. */
  readonly code?: string;
}

/** The health of an issuer or a downstream. */
export type Health = IssuerHealth & DownstreamHealth;

/** The health of the issuers and downstreams of one server, by name. */
@Injectable()
export class ServerHealth {
  constructor(
    private readonly known: Issuers,
    private readonly options: ResolvedOptions,
    private readonly exchanges: ExchangeHealth,
    private readonly inFlight: InFlight,
  ) {}

  /** Whether the application is about to stop. Whoever asks learns in time that the server is not ready. */
  checkStopping(): boolean {
    return this.inFlight.askReadiness().isStopping;
  }

  async checkIssuers(): Promise<[string, IssuerHealth][]> {
    return await Promise.all(
      this.known.all.map(async (issuer): Promise<[string, IssuerHealth]> => {
        try {
          await issuer.ensure();
        } catch {
          return [issuer.identifier, { status: 'down' }];
        }
        const { age, isStale } = issuer.keys;
        const keysAgeMs = Number.isFinite(age) && { keysAgeMs: Math.round(age) };
        return [issuer.identifier, { status: 'up', ...keysAgeMs, ...(isStale && { areKeysStale: true }) }];
      }),
    );
  }

  /**
   * Nothing is fetched: what is down is known from the tokens of its users.
   *
   * @returns `undefined` if no issuers are found for tokens
   */
  checkResolvedIssuers(): ResolvedIssuersHealth | undefined {
    if (!this.options.issuerResolver) return undefined;
    const { resolved } = this.known;
    const down = resolved.filter(({ keys }) => keys.areMissing).map(({ identifier }) => identifier);
    const up = resolved.filter(({ keys }) => keys.areUsable).length;
    return { up, down: down.length, downIssuers: down.slice(0, MAX_NAMED) };
  }

  checkDownstreams(): [string, DownstreamHealth][] {
    return [...this.options.downstreams.keys()].map((name) => {
      const code = this.exchanges.findFault(name);
      return [name, code === undefined ? { status: 'up' } : { status: 'down', code }];
    });
  }
}
