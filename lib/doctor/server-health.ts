import { Injectable } from '@nestjs/common';
import { ExchangeHealth } from '../on-behalf-of/exchange/exchange-health.js';
import { Issuers } from '../resource-server/issuers/issuers.js';
import { ResolvedOptions } from '../options/resolved-options.js';

/** What is known of an issuer; nothing that a stranger should not see. */
export interface IssuerHealth {
  /** `up` where its keys are fit for use. */
  readonly status: 'up' | 'down';
  /** Milliseconds since its keys were fetched. */
  readonly keysAgeMs?: number;
}

/** What is known of a downstream: `down` where the operator has to act before any caller can be acted for. */
export interface DownstreamHealth {
  /** `down` where the last exchange failed for a reason that the operator has to mend. */
  readonly status: 'up' | 'down';
  /** Code of the {@link OperatorActionError}. */
  readonly code?: string;
}

/** What is known of either. */
export type Health = IssuerHealth & DownstreamHealth;

/** What is known of the issuers and downstreams of one server, by their names. */
@Injectable()
export class ServerHealth {
  constructor(
    private readonly known: Issuers,
    private readonly options: ResolvedOptions,
    private readonly exchanges: ExchangeHealth,
  ) {}

  async checkIssuers(): Promise<[string, IssuerHealth][]> {
    return await Promise.all(
      this.known.all.map(async (issuer): Promise<[string, IssuerHealth]> => {
        try {
          await issuer.ensure();
        } catch {
          return [issuer.identifier, { status: 'down' }];
        }
        const age = issuer.keys.age;
        return [issuer.identifier, { status: 'up', ...(Number.isFinite(age) && { keysAgeMs: Math.round(age) }) }];
      }),
    );
  }

  checkDownstreams(): [string, DownstreamHealth][] {
    return [...this.options.downstreams.keys()].map((name) => {
      const code = this.exchanges.findFault(name);
      return [name, code === undefined ? { status: 'up' } : { status: 'down', code }];
    });
  }
}
