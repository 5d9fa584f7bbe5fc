import type { ResolvedOptions } from '../../options/resolved-options.js';
import { findUnknownDownstreams, findUnknownServers } from '../../resource-server/catalogue/catalogue-problems.js';
import { findOpenApiProblems } from '../declaration/open-api-schema.js';
import type { DeclaredDocument } from './open-api-classes.js';

/**
 * What is wrong with the options of a document, before it is read.
 *
 * @param names - of all servers of the application
 */
export function findDeclarationProblems(
  { options, place }: Pick<DeclaredDocument, 'options' | 'place'>,
  resolved: ResolvedOptions,
  names: readonly string[],
): readonly string[] {
  const faults = findOpenApiProblems(options).map((fault) => `${place}: ${fault}`);
  if (faults.length > 0) return faults;
  const servers = [options.server ?? []].flat();
  // Only a server that offers the document has to know its downstream.
  const isOffered = servers.length === 0 || servers.includes(resolved.server.name);
  return [
    ...findUnknownServers(servers, place, names),
    ...(isOffered ? findUnknownDownstreams([options.downstream], place, resolved) : []),
  ];
}
