import type { ExchangeTarget } from './dialect.js';

/** Suffix for all scopes that were granted beforehand. */
export const DEFAULT_SCOPE = '/.default';

/** The API of scopes that name no API. */
const GRAPH = 'https://graph.microsoft.com';

/** Scopes of OpenID Connect. They belong to no API. */
const OPENID = new Set(['openid', 'profile', 'email', 'offline_access']);

/** The API that a scope belongs to; `undefined` for scopes of OpenID Connect. */
export function findApi(scope: string): string | undefined {
  if (OPENID.has(scope)) return undefined;
  const slash = scope.lastIndexOf('/');
  return slash === -1 ? GRAPH : scope.slice(0, slash);
}

/** Finds what is wrong with a downstream's options for Entra ID. Each problem is one sentence, with its remedy. */
export function findEntraTargetProblems({ audience, resource, scopes }: ExchangeTarget): readonly string[] {
  const problems: string[] = [];
  if (audience !== undefined || resource !== undefined) {
    problems.push('has `audience` or `resource`. Entra ID refuses them. Name the API in `scopes`: `api://…/.default`');
  }
  const named = scopes.filter((scope) => findApi(scope) !== undefined);
  if (named.length === 0) {
    problems.push('has no `scopes`. Entra ID knows the API by them. Set them, for example `["api://…/.default"]`');
  }
  if (new Set(named.map(findApi)).size > 1) {
    problems.push(
      'has `scopes` of several APIs. Entra ID does not take them in one request. Declare a downstream for each API',
    );
  } else if (named.length > 1 && named.some((scope) => scope.endsWith(DEFAULT_SCOPE))) {
    problems.push(
      'has `.default` and other `scopes`. Entra ID does not take both. Name all of them, or `.default` only',
    );
  }
  return problems;
}
