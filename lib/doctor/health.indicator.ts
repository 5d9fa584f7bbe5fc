import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { selectServers, type ServerSelection } from '../servers/application-servers.js';
import {
  ServerHealth,
  type DownstreamHealth,
  type Health,
  type IssuerHealth,
  type ResolvedIssuersHealth,
} from './server-health.js';

/** A result in the form of `@nestjs/terminus`. */
export type McpAuthHealth<Key extends string = string> = Record<
  Key,
  {
    readonly status: 'up' | 'down';
    /** Present if the application is about to stop, so that balancers send no more requests. */
    readonly isStopping?: true;
    readonly issuers: Readonly<Record<string, IssuerHealth>>;
    /**
     * Issuers that were found for tokens; absent without `issuerResolver`. The status does not depend on them: one tenant
     * must not take the server from the others.
     */
    readonly resolvedIssuers?: ResolvedIssuersHealth;
    /** Absent if there are no downstreams. */
    readonly downstreams?: Readonly<Record<string, DownstreamHealth>>;
  }
>;

/**
 * Reports whether tokens can be verified: whether each issuer's keys are fresh or still usable. Also reports whether
 * the last token exchange worked, as far as the application is responsible, and that the application stops. Asks an issuer no more often than tokens
 * would. For `@nestjs/terminus`: `health.check([() => indicator.check()])`.
 */
@Injectable()
export class McpAuthHealthIndicator {
  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Checks all servers of the application. If servers share an issuer or the name of a downstream, it is `down` if it
   * is `down` for one of them.
   *
   * @param key - name of the result
   * @param selection - `server`: one or more server names. Defaults to all servers
   * @throws {@link McpAuthConfigurationError} if no server has that name
   */
  async check<Key extends string = 'mcp-auth'>(
    key = 'mcp-auth' as Key,
    selection: ServerSelection = {},
  ): Promise<McpAuthHealth<Key>> {
    const servers = selectServers(this.modules, ServerHealth, selection, 'McpAuthHealthIndicator.check');
    const issuers = merge(await Promise.all(servers.map((server) => server.checkIssuers())));
    const resolved = servers.flatMap((server) => server.checkResolvedIssuers() ?? []);
    const downstreams = merge(servers.map((server) => server.checkDownstreams()));
    const isStopping = servers.map((server) => server.checkStopping()).includes(true);
    const isUp =
      !isStopping && [...Object.values(issuers), ...Object.values(downstreams)].every(({ status }) => status === 'up');
    return {
      [key]: {
        status: isUp ? 'up' : 'down',
        ...(isStopping && { isStopping }),
        issuers,
        ...(resolved.length > 0 && { resolvedIssuers: add(resolved) }),
        ...(Object.keys(downstreams).length > 0 && { downstreams }),
      },
    } as McpAuthHealth<Key>;
  }
}

function add(all: readonly ResolvedIssuersHealth[]): ResolvedIssuersHealth {
  return all.reduce((one, other) => ({
    up: one.up + other.up,
    down: one.down + other.down,
    downIssuers: [...new Set([...one.downIssuers, ...other.downIssuers])],
  }));
}

/** Of two results with the same name, keeps the worse one: the one that is `down`, or else the one with older keys. */
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
