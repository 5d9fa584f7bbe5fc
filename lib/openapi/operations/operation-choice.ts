import type { OperationIdentity } from './api-operation.js';

/**
 * Which operations are meant: an `operationId`; a method and a path such as `GET /orders/**`, or a path alone; or what they
 * have in common. In an `operationId` and in a segment of a path `*` is any text. `**` are any number of segments.
 */
export type OperationPattern =
  | string
  | {
      /** One of the tags of the operation. */
      readonly tag?: string;
      /** Of HTTP, in capitals or not. */
      readonly method?: string;
      /** With wildcards. */
      readonly path?: string;
      /** Whether the document advises against the operation. */
      readonly deprecated?: boolean;
    };

/** Whether a pattern means an operation. */
export function matchesOperation(pattern: OperationPattern, operation: OperationIdentity): boolean {
  if (typeof pattern === 'string') {
    const { method, path } = readPattern(pattern);
    if (path === undefined) return operation.id !== undefined && matchesText(pattern, operation.id);
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

/** `GET /orders` has a method and a path. An `operationId` has none of them. */
function readPattern(pattern: string): { readonly method?: string; readonly path?: string } {
  const { method, path } = /^(?:(?<method>[A-Za-z]+|\*) +)?(?<path>\/\S*)$/.exec(pattern)?.groups ?? {};
  return { ...(method !== undefined && { method }), ...(path !== undefined && { path }) };
}

/** All operations of a faulty path are meant by every method. */
function matchesMethod(method: string | undefined, operation: OperationIdentity): boolean {
  return method === undefined || method === '*' || [method.toUpperCase(), '*'].includes(operation.method);
}

function matchesPath(pattern: string, { path }: OperationIdentity): boolean {
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
      else if (one !== undefined && matchesText(one, segment)) next.add(place + 1);
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

/** Compares texts. `*` takes any number of characters. */
function matchesText(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first)) return false;
  let place = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, place);
    if (found === -1) return false;
    place = found + part.length;
  }
  return text.length - last.length >= place && text.endsWith(last);
}
