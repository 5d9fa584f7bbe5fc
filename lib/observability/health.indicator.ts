import { Inject, Injectable } from '@nestjs/common';
import { Issuers } from '../issuers/issuers.js';

/** What is known of an issuer; nothing that a stranger should not see. */
export interface IssuerHealth {
  readonly status: 'up' | 'down';
  /** Seconds since its keys were fetched. */
  readonly keysAge?: number;
}

/** A result as `@nestjs/terminus` has it. */
export type McpAuthHealth<Key extends string = string> = Record<
  Key,
  { readonly status: 'up' | 'down'; readonly issuers: Readonly<Record<string, IssuerHealth>> }
>;

/**
 * Tells whether tokens can be verified: each issuer's keys are there, fresh or fit for use. Asks an issuer no more often
 * than tokens would. For `@nestjs/terminus`: `health.check([() => indicator.check()])`.
 */
@Injectable()
export class McpAuthHealthIndicator {
  constructor(@Inject(Issuers) private readonly issuers: Issuers) {}

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
    const status = entries.every(([, health]) => health.status === 'up') ? 'up' : 'down';
    return { [key]: { status, issuers: Object.fromEntries(entries) } } as McpAuthHealth<Key>;
  }
}
