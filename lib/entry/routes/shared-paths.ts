import type { Type } from '@nestjs/common';
import { HOST_METADATA, METHOD_METADATA } from '@nestjs/common/constants.js';
import type { ModulesContainer } from '@nestjs/core';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import type { ResolvedOptions } from '../../options/resolved-options.js';

/** Where `RouteConstraints` of `@nestjs/platform-fastify` keeps its argument. That package may not be installed. */
const FASTIFY_ROUTE_CONSTRAINTS = '__fastify_route_constraints__';

/** A server of an application, and the controllers that answer for it. */
interface MountedServer {
  readonly options: ResolvedOptions;
  readonly controllers: readonly Type[];
}

const mounted = new WeakMap<ModulesContainer, MountedServer[]>();

/** Options of the servers that share their path with others. */
const sharing = new WeakSet<ResolvedOptions>();

/** Whether a server shares its path with others, which are told apart by the host of a request. */
export function isSharing(options: ResolvedOptions): boolean {
  return sharing.has(options);
}

/** Whether another server of the application has the path of this one, so far. */
export function isPathShared(modules: ModulesContainer, options: ResolvedOptions): boolean {
  return (mounted.get(modules) ?? []).some((one) => readPath(one.options) === readPath(options));
}

/**
 * Lets servers of an application have one path, each for hosts of its own. The first of them also answers for hosts that
 * none of them names, such as IP addresses. Called for each server once its controllers have their paths.
 *
 * @param platform - `'fastify'` or another
 * @throws {@link McpAuthConfigurationError} if requests for two of them could not be told apart
 */
export function sharePath(modules: ModulesContainer, server: MountedServer, platform: string): void {
  const all = mounted.get(modules) ?? [];
  mounted.set(modules, [...all, server]);
  const servers = [...all, server].filter((one) => readPath(one.options) === readPath(server.options));
  if (servers.length === 1) return;
  refuseSameHosts(server, servers.slice(0, -1));
  for (const [index, one] of servers.entries()) {
    sharing.add(one.options);
    const isFirst = index === 0;
    const names = (isFirst ? servers.slice(1) : [one]).flatMap(listHostNames);
    if (platform === 'fastify') {
      // Fastify takes a route without a constraint where none with one fits.
      if (!isFirst) constrain(one.controllers, buildHostPattern(names, String.raw`(?::\d+)?`));
    } else {
      const pattern = buildHostPattern(names);
      const host = isFirst ? new RegExp(`^(?!${pattern.source.slice(1)})`, 'i') : pattern;
      for (const controller of one.controllers) Reflect.defineMetadata(HOST_METADATA, host, controller);
    }
  }
}

function readPath({ endpoint }: ResolvedOptions): string {
  // Express ignores case.
  return endpoint.path.toLowerCase();
}

function refuseSameHosts(server: MountedServer, others: readonly MountedServer[]): void {
  const names = new Set(listHostNames(server));
  for (const other of others) {
    const shared = listHostNames(other).find((name) => names.has(name));
    if (shared === undefined) continue;
    const { path } = server.options.endpoint;
    throw new McpAuthConfigurationError([
      `\`resource\` of the server "${server.options.server.name}" (${server.options.resource}) is at the same host and path as that of "${other.options.server.name}" (${other.options.resource}): requests for ${shared}${path || '/'} could be for either. Give them different paths, or different host names, in \`resource\` and \`endpoint.allowedHosts\`. To offer more tools at one address, keep one of the two`,
    ]);
  }
}

/** Names of hosts, without ports: Express does not tell those apart. */
function listHostNames({ options: { endpoint } }: MountedServer): readonly string[] {
  const { host, allowedHosts } = endpoint;
  const hosts = [host, ...(allowedHosts === 'any' ? [] : allowedHosts)];
  return [...new Set(hosts.map((one) => one.replace(/:\d+$/, '')))];
}

function buildHostPattern(names: readonly string[], port = ''): RegExp {
  const alternatives = names.map((name) => name.replace(/[^\w-]/g, String.raw`\$&`));
  return new RegExp(`^(?:${alternatives.join('|')})\\.?${port}$`, 'i');
}

/** Methods are inherited. Each server needs its own, because a constraint is kept with the method. */
function constrain(controllers: readonly Type[], host: RegExp): void {
  for (const { prototype } of controllers as readonly { readonly prototype: Record<string, unknown> }[]) {
    for (const [name, route] of listRoutes(prototype)) {
      const own = function (this: unknown, ...args: unknown[]): unknown {
        return route.apply(this, args);
      };
      for (const key of Reflect.getMetadataKeys(route) as unknown[])
        Reflect.defineMetadata(key, Reflect.getMetadata(key, route), own);
      Reflect.defineMetadata(FASTIFY_ROUTE_CONSTRAINTS, { host }, own);
      Object.defineProperty(prototype, name, { value: own, configurable: true, writable: true });
    }
  }
}

type Route = (this: unknown, ...args: unknown[]) => unknown;

function listRoutes(prototype: object): readonly (readonly [name: string, route: Route])[] {
  const routes = new Map<string, Route>();
  for (let one: object | null = prototype; one !== null; one = Object.getPrototypeOf(one) as object | null) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(one)) as [
      string,
      { value?: unknown },
    ][])
      if (typeof value === 'function' && Reflect.hasMetadata(METHOD_METADATA, value) && !routes.has(name))
        routes.set(name, value as Route);
  }
  return [...routes];
}
