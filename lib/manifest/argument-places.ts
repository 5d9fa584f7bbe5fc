import { isSetByServer } from '../openapi/inputs/steering-headers.js';
import type { OfferedOperation } from '../openapi/offers/offered-operation.js';
import type { ApiParameter } from '../openapi/operations/api-operation.js';

/** Where each argument of an operation goes: `query tenant`, `body /customer`, or `body`. */
export function describePlaces({ input }: Pick<OfferedOperation, 'input'>): Readonly<Record<string, string>> {
  const places = input.bindings.map((one): [string, string] => {
    if (one.to === 'parameter') return [one.key, toPlace(one.parameter)];
    return [one.key, one.to === 'property' ? toMember([one.property]) : 'body'];
  });
  return Object.fromEntries(places.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Places that callers do not write. Headers that the server sets itself are never arguments. */
export function listWithheld({ operation, input }: Pick<OfferedOperation, 'operation' | 'input'>): readonly string[] {
  const open = new Set(input.bindings.flatMap((one) => (one.to === 'parameter' ? one.parameter : [])));
  const parameters = operation.parameters.filter(
    (one) => !open.has(one) && !(one.in === 'header' && isSetByServer(one.name)),
  );
  const members = input.filled.flatMap(({ target }) => ('path' in target ? [toMember(target.path)] : []));
  return [...parameters.map(toPlace), ...members].sort();
}

/**
 * Lists what callers did not write before and write now, alone or as a part of an argument.
 *
 * @param withheld - places that callers do not write, before and now
 * @param places - of the arguments of now
 */
export function listFreed(
  withheld: { readonly before: readonly string[]; readonly now: readonly string[] },
  places: Readonly<Record<string, string>>,
): readonly string[] {
  const written = Object.values(places);
  return withheld.before.filter(
    (one) => !withheld.now.includes(one) && written.some((place) => place === one || isWithin(one, place)),
  );
}

function isWithin(member: string, place: string): boolean {
  return place === 'body' ? member.startsWith('body /') : place.startsWith('body /') && member.startsWith(`${place}/`);
}

function toPlace({ in: place, name }: ApiParameter): string {
  return `${place} ${name}`;
}

/** A member of the body, by a JSON Pointer (RFC 6901). */
function toMember(path: readonly string[]): string {
  return `body ${path.map((one) => `/${one.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')}`;
}
