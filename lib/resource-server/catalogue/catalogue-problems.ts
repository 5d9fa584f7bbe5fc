import type { CacheHint } from '@modelcontextprotocol/server';
import { listNamedScopes, type AccessRule } from '../access/access-rule.js';
import type { ScopeHierarchy } from '../access/scope-hierarchy.js';
import type { ResolvedOptions } from '../../options/resolved-options.js';
import { describeDeclaration, describePlace, type Offer } from './primitive.js';

const NOUNS = {
  tool: 'tools',
  resource: 'resources',
  resourceTemplate: 'resource templates',
  prompt: 'prompts',
} as const;

/** What a resource says of caches. */
interface Cached {
  readonly cache?: CacheHint | undefined;
}

/** Requirements of a primitive that the module's options cannot meet. */
export function findPrimitiveProblems(offer: Offer & Cached, options: ResolvedOptions): string[] {
  const { access, downstreams, host, cache } = offer;
  const problems = findUnknownDownstreams(downstreams, describeDeclaration(host, 'downstream'), options);
  const callers = downstreams.filter((name) => (options.downstreams.get(name)?.dialect.subject ?? 'none') !== 'none');
  if (access.anonymous && callers.length > 0) {
    problems.push(
      `\`downstream\` of ${describeDeclaration(host, 'downstream')} can never be met: @Anonymous lets everyone call it, but ${callers.join(', ')} needs the token of a caller. Remove one of the two.`,
    );
  }
  if (cache?.cacheScope === 'public' && !access.anonymous && !options.anonymous) {
    problems.push(
      `\`cache\` of ${describeDeclaration(host, 'cache')} has the \`cacheScope\` "public", but it takes a token to read, and a shared cache would serve it to everyone. Use "private", or put @Anonymous() on it.`,
    );
  }
  for (const option of options.anonymous ? listDemands(access) : []) {
    problems.push(
      `\`${option}\` of ${describeDeclaration(host, option)} can never be met: \`access.anonymous\` is true, so nobody has any. Remove one of the two.`,
    );
  }
  return problems;
}

/** The options that only a caller with a token can meet. */
function listDemands(access: AccessRule): readonly string[] {
  const demands = {
    scopes: isScoped({ access }),
    acrValues: access.acrValues.length > 0,
    maxAgeMs: access.maxAgeMs !== undefined,
    appOnly: !access.appOnly,
  };
  return Object.entries(demands).flatMap(([option, isSet]) => (isSet ? [option] : []));
}

/** @param declaration - what names the downstreams, for the message */
export function findUnknownDownstreams(
  downstreams: readonly string[],
  declaration: string,
  options: ResolvedOptions,
): string[] {
  return downstreams
    .filter((name) => !options.downstreams.has(name))
    .map(
      (name) =>
        `\`downstream\` of ${declaration} is "${name}", which \`downstreams\` does not have. Add it there, or use one of: ${[...options.downstreams.keys()].join(', ') || '(none)'}.`,
    );
}

/** Describes two primitives of one kind with the same name. */
export function describeTwins({ host: twin }: Offer, { kind, name, host }: Offer): string {
  const twice = twin.type === host.type && twin.method === host.method;
  const fix = twice ? 'Provide the class in one module alone, and export it from there' : 'Rename one';
  return `Two ${NOUNS[kind]} are named "${name}": ${describePlace(twin)} and ${describePlace(host)}. ${fix}.`;
}

/** @param known - names of the configured servers */
export function findServerProblems({ servers, host }: Offer, known: readonly string[]): string[] {
  return findUnknownServers(servers, describeDeclaration(host, 'server'), known);
}

/**
 * @param declaration - what names the servers, for the message
 * @param known - names of the configured servers
 */
export function findUnknownServers(
  servers: readonly string[],
  declaration: string,
  known: readonly string[],
): string[] {
  return servers
    .filter((server) => !known.includes(server))
    .map(
      (server) =>
        `\`server\` of ${declaration} is "${server}", which is the \`server.name\` of no McpAuthModule. Use one of: ${known.join(', ')}.`,
    );
}

/** Finds authorization options that nothing uses. A typing error in them would otherwise go unnoticed. */
export function findOptionProblems(
  offers: readonly Offer[],
  options: ResolvedOptions,
  hierarchy: ScopeHierarchy,
): string[] {
  const problems: string[] = [];
  const { scopeHierarchy, challenge, downstreams } = options;
  // Scopes that are mapped to scopes of a downstream API.
  const mapped = [...downstreams.values()]
    .flatMap((one) => [one, ...one.byIssuer.values()])
    .flatMap(({ scopeMap }) => [...scopeMap.values()].flat());
  if (challenge === 'union' && mapped.length === 0 && !offers.some(isScoped)) {
    problems.push('`scopes.challenge` is "union", but no tool has scopes, so nobody is ever challenged. Remove it.');
  }
  if (typeof scopeHierarchy === 'object' && !offers.some(({ access }) => typeof access.scopes === 'function')) {
    const needed = new Set([...mapped, ...offers.flatMap(({ access }) => listNamedScopes(access))]);
    for (const scope of Object.keys(scopeHierarchy)) {
      if (![...hierarchy.expand([scope])].some((implied) => implied !== scope && needed.has(implied))) {
        problems.push(
          `\`scopes.hierarchy\` has "${scope}", which implies no scope that a tool needs. Check the spelling of the implied scopes, or remove it.`,
        );
      }
    }
  }
  return problems;
}

function isScoped({ access }: Pick<Offer, 'access'>): boolean {
  return typeof access.scopes === 'function' || listNamedScopes(access).length > 0;
}
