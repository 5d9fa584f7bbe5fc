import type { Type } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { McpAuthConfigurationError } from '../errors/configuration-error.js';
import { ResolvedOptions } from '../options/resolved-options.js';
import type { ServerName } from '../options/register.js';

/** Selects servers of the application. */
export interface ServerSelection {
  /** Name, or names, of servers: `server.name` of the module's options. Defaults to all servers of the application. */
  server?: ServerName | readonly ServerName[] | undefined;
}

/** An instance of a provider of this package, and the `server.name` of its `McpAuthModule`. */
interface NamedInstance<Instance> {
  readonly name: string;
  readonly instance: Instance;
}

/**
 * The instances of a provider of this package for the selected servers.
 *
 * @param of - owner of the option `server`, for the message
 * @throws {@link McpAuthConfigurationError} for a name that no server has. The message lists the known names
 */
export function selectServers<Instance>(
  modules: ModulesContainer,
  type: Type<Instance>,
  { server }: ServerSelection,
  of: string,
): readonly Instance[] {
  const all = listNamedInstances(modules, type);
  const wanted: readonly string[] = [server ?? []].flat();
  const unknown = wanted.find((name) => !all.some((one) => one.name === name));
  if (unknown !== undefined) throw createUnknownServerError(unknown, of, all);
  return all.filter(({ name }) => wanted.length === 0 || wanted.includes(name)).map(({ instance }) => instance);
}

/**
 * The instance of a provider of this package for one server.
 *
 * @param server - its name. May be omitted if the application has one server only
 * @param of - owner of the option `server`, for the message
 * @throws {@link McpAuthConfigurationError} if no server has that name, or if it is missing and there are several
 */
export function selectServer<Instance>(
  modules: ModulesContainer,
  type: Type<Instance>,
  server: string | undefined,
  of: string,
): Instance {
  const all = listNamedInstances(modules, type);
  const [only, ...others] = all.filter(({ name }) => server === undefined || name === server);
  if (only && others.length === 0) return only.instance;
  if (server !== undefined) throw createUnknownServerError(server, of, all);
  throw new McpAuthConfigurationError([
    only
      ? `\`server\` of ${of} is missing, but the application has several servers. Use one of: ${joinNames(all)}.`
      : `${of} needs a server, and the application has none. Import McpAuthModule.`,
  ]);
}

/** The `server.name` of each `McpAuthModule` of the application. */
export function listServerNames(modules: ModulesContainer): readonly string[] {
  return listNamedInstances(modules, ResolvedOptions).map(({ name }) => name);
}

function createUnknownServerError(
  name: string,
  of: string,
  all: readonly NamedInstance<unknown>[],
): McpAuthConfigurationError {
  return new McpAuthConfigurationError([
    `\`server\` of ${of} is "${name}", which is the \`server.name\` of no McpAuthModule. Use one of: ${joinNames(all)}.`,
  ]);
}

function joinNames(all: readonly NamedInstance<unknown>[]): string {
  return all.map(({ name }) => name).join(', ') || '(none: import McpAuthModule)';
}

function listNamedInstances<Instance>(
  modules: ModulesContainer,
  type: Type<Instance>,
): readonly NamedInstance<Instance>[] {
  return [...modules.values()].flatMap(({ providers }) => {
    const options: unknown = providers.get(ResolvedOptions)?.instance;
    const instance: unknown = providers.get(type)?.instance;
    if (!(options instanceof ResolvedOptions && instance instanceof type)) return [];
    return [{ name: options.server.name, instance }];
  });
}
