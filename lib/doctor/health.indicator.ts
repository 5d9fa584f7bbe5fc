import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { selectServers, type ServerSelection } from '../servers/application-servers.js';
import { ServerHealth, type DownstreamHealth, type Health, type IssuerHealth } from './server-health.js';

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
 * exchanged when that was last tried, as far as it is up to the application. Asks an issuer no more often than tokens
 * would. For `@nestjs/terminus`: `health.check([() => indicator.check()])`.
 */
@Injectable()
export class McpAuthHealthIndicator {
  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Looks at all servers of the application. What several of them have, an issuer or the name of a downstream, is down
   * where it is for one of them.
   *
   * @param key - name of the result
   * @param selection - `server`: the name, or names, of the servers that are meant alone
   * @throws {@link McpAuthConfigurationError} for a name that no server has
   */
  async check<Key extends string = 'mcp-auth'>(
    key = 'mcp-auth' as Key,
    selection: ServerSelection = {},
  ): Promise<McpAuthHealth<Key>> {
    const servers = selectServers(this.modules, ServerHealth, selection, 'McpAuthHealthIndicator.check');
    const issuers = merge(await Promise.all(servers.map((server) => server.checkIssuers())));
    const downstreams = merge(servers.map((server) => server.checkDownstreams()));
    const isUp = [...Object.values(issuers), ...Object.values(downstreams)].every(({ status }) => status === 'up');
    return {
      [key]: {
        status: isUp ? 'up' : 'down',
        issuers,
        ...(Object.keys(downstreams).length > 0 && { downstreams }),
      },
    } as McpAuthHealth<Key>;
  }
}

/** Of two that have one name, the one that is worse: what is down, or else the older keys. */
function merge<One extends Health>(all: readonly (readonly [string, One])[][]): Readonly<Record<string, One>> {
  const worst = new Map<string, One>();
  for (const [name, health] of all.flat()) {
    const known = worst.get(name);
    if (!known || isWorse(health, known)) worst.set(name, health);
  }
  return Object.fromEntries(worst);
}

function isWorse(one: Health, other: Health): boolean {
  if (one.status !== other.status) return one.status === 'down';
  return (one.keysAgeMs ?? 0) > (other.keysAgeMs ?? 0);
}
