import { Injectable } from '@nestjs/common';
import { ExchangeHealth } from '../on-behalf-of/exchange/exchange-health.js';
import { Issuers } from '../resource-server/issuers/issuers.js';
import { ResolvedOptions } from '../options/resolved-options.js';

/** What is known of an issuer; nothing that a stranger should not see. */
export interface IssuerHealth {
  readonly status: 'up' | 'down';
  /** Seconds since its keys were fetched. */
  readonly keysAge?: number;
}

/** What is known of a downstream: `down` where the operator has to act before any caller can be acted for. */
export interface DownstreamHealth {
  readonly status: 'up' | 'down';
  /** Code of the {@link OperatorActionError}. */
  readonly code?: string;
}

/** A result as `@nestjs/terminus` has it. */
export type McpAuthHealth<Key extends string = string> = Record<
  Key,
  {
    readonly status: 'up' | 'down';
    readonly issuers: Readonly<Record<string, IssuerHealth>>;
    /** Absent where there are none. */
    readonly downstreams?: Readonly<Record<string, DownstreamHealth>>;
  }
>;

/**
 * Tells whether tokens can be verified: each issuer's keys are there, fresh or fit for use; and whether they could be
 * exchanged when that was last tried, as far as it is up to this server. Asks an issuer no more often than tokens would. For `@nestjs/terminus`: `health.check([() => indicator.check()])`.
 */
@Injectable()
export class McpAuthHealthIndicator {
  constructor(
    private readonly issuers: Issuers,
    private readonly options: ResolvedOptions,
    private readonly exchanges: ExchangeHealth,
  ) {}

  /** @param key - name of the result */
  async check<Key extends string = 'mcp-auth'>(key = 'mcp-auth' as Key): Promise<McpAuthHealth<Key>> {
    const entries = await Promise.all(
      this.issuers.all.map(async (issuer): Promise<[string, IssuerHealth]> => {
        try {
          await issuer.ensure();
        } catch {
          return [issuer.identifier, { status: 'down' }];
        }
        const age = issuer.keys.age / 1000;
        return [issuer.identifier, { status: 'up', ...(Number.isFinite(age) && { keysAge: Math.round(age) }) }];
      }),
    );
    const downstreams = [...this.options.downstreams.keys()].map((name): [string, DownstreamHealth] => {
      const code = this.exchanges.faultOf(name);
      return [name, code === undefined ? { status: 'up' } : { status: 'down', code }];
    });
    const status = [...entries, ...downstreams].every(([, health]) => health.status === 'up') ? 'up' : 'down';
    return {
      [key]: {
        status,
        issuers: Object.fromEntries(entries),
        ...(downstreams.length > 0 && { downstreams: Object.fromEntries(downstreams) }),
      },
    } as McpAuthHealth<Key>;
  }
}
