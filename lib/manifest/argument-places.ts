import { isSetByServer } from '../openapi/inputs/steering-headers.js';
import type { OfferedOperation } from '../openapi/offers/offered-operation.js';
import type { ApiParameter } from '../openapi/operations/api-operation.js';
import { byKey, digest } from './digest.js';
import type { ManifestOperation } from './manifest.js';

/** Where each argument of an operation goes: `query tenant`, `body /customer`, or `body`. */
export function describePlaces({ input }: Pick<OfferedOperation, 'input'>): Readonly<Record<string, string>> {
  const places = input.bindings.map((one): [string, string] => {
    if (one.to === 'parameter') return [one.key, toPlace(one.parameter)];
    return [one.key, one.to === 'property' ? toMember([one.property]) : 'body'];
  });
  return Object.fromEntries(places.sort(byKey));
}

/**
 * Places that callers do not write, each with what is sent there. Headers that the server sets itself are never arguments.
 */
export function describeWithheld({
  operation,
  input,
}: Pick<OfferedOperation, 'operation' | 'input'>): Readonly<Record<string, string>> {
  const open = new Set(input.bindings.flatMap((one) => (one.to === 'parameter' ? one.parameter : [])));
  const parameters = operation.parameters.filter(
    (one) => !open.has(one) && !(one.in === 'header' && isSetByServer(one.name)),
  );
  const filled = input.filled.map(({ target, rule: { setting } }): [string, string] => {
    const place = 'path' in target ? toMember(target.path) : toPlace(target.parameter);
    return [place, setting.hidden ? 'hidden' : setting.from ? 'from' : digest(setting.value)];
  });
  return Object.fromEntries(
    [...parameters.map((one): [string, string] => [toPlace(one), 'hidden']), ...filled].sort(byKey),
  );
}

type Withheld = ManifestOperation['withheld'];

/** Lists the places that callers do not write, and at which something else is sent than before. */
export function listOtherwiseFilled(before: Withheld, now: Withheld): readonly string[] {
  return Object.keys(now).filter((one) => Object.hasOwn(before, one) && before[one] !== now[one]);
}

/**
 * Lists what callers did not write before and write now, alone or as a part of an argument.
 *
 * @param withheld - places that callers do not write, before and now
 * @param places - of the arguments of now
 */
export function listFreed(
  withheld: { readonly before: Withheld; readonly now: Withheld },
  places: Readonly<Record<string, string>>,
): readonly string[] {
  const written = Object.values(places);
  return Object.keys(withheld.before).filter(
    (one) => !Object.hasOwn(withheld.now, one) && written.some((place) => place === one || isWithin(one, place)),
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
