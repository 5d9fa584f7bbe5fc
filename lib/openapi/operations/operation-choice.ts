import type { ApiOperation } from './api-operation.js';

/**
 * Which operations are meant: an `operationId`, or a method and a path with wildcards such as `GET /orders/**` (`*` is one
 * segment, `**` are any), or what they have in common.
 */
export type OperationPattern =
  | string
  | {
      readonly tag?: string;
      readonly method?: string;
      /** With wildcards. */
      readonly path?: string;
      readonly deprecated?: boolean;
    };

/** Whether a pattern means an operation. */
export function matchesOperation(pattern: OperationPattern, operation: ApiOperation): boolean {
  if (typeof pattern === 'string') {
    const [, method, path] = /^(?:([A-Za-z]+|\*) )?(\/\S*)$/.exec(pattern) ?? [];
    if (path === undefined) return operation.id === pattern;
    return matchesMethod(method, operation) && matchesPath(path, operation);
  }
  const { tag, method, path, deprecated } = pattern;
  return (
    (tag === undefined || operation.tags.includes(tag)) &&
    matchesMethod(method, operation) &&
    (path === undefined || matchesPath(path, operation)) &&
    (deprecated === undefined || deprecated === operation.isDeprecated)
  );
}

function matchesMethod(method: string | undefined, operation: ApiOperation): boolean {
  return method === undefined || method === '*' || method.toUpperCase() === operation.method;
}

function matchesPath(pattern: string, { path }: ApiOperation): boolean {
  return matchSegments(pattern.split('/'), path.split('/'));
}

/** Compares segment by segment. `**` takes any number of them. */
function matchSegments(pattern: readonly string[], path: readonly string[]): boolean {
  // Places in the pattern that the segments so far can have led to.
  let places = skipRests(new Set([0]), pattern);
  for (const segment of path) {
    const next = new Set<number>();
    for (const place of places) {
      const one = pattern[place];
      if (one === '**') next.add(place);
      else if (one !== undefined && (one === '*' || one === segment)) next.add(place + 1);
    }
    places = skipRests(next, pattern);
  }
  return places.has(pattern.length);
}

function skipRests(places: ReadonlySet<number>, pattern: readonly string[]): ReadonlySet<number> {
  const all = new Set<number>();
  for (let place of places) {
    all.add(place);
    while (pattern[place] === '**') all.add((place += 1));
  }
  return all;
}
