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
  if (unknown !== undefined) {
    const names = all.map(({ name }) => name).join(', ');
    throw new McpAuthConfigurationError([
      `\`server\` of ${of} is "${unknown}", which is the \`server.name\` of no McpAuthModule. Use one of: ${names}.`,
    ]);
  }
  return all.filter(({ name }) => wanted.length === 0 || wanted.includes(name)).map(({ instance }) => instance);
}

function listNamedInstances<Instance>(
  modules: ModulesContainer,
  type: Type<Instance>,
): readonly { readonly name: string; readonly instance: Instance }[] {
  return [...modules.values()].flatMap(({ providers }) => {
    const options: unknown = providers.get(ResolvedOptions)?.instance;
    const instance: unknown = providers.get(type)?.instance;
    if (!(options instanceof ResolvedOptions && instance instanceof type)) return [];
    return [{ name: options.server.name, instance }];
  });
}
