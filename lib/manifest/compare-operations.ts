import { isDeepStrictEqual } from 'node:util';
import { findWiderAlternatives } from '../resource-server/access/scope-rule.js';
import { listFreed, listOtherwiseFilled } from './argument-places.js';
import type { Difference, DifferenceCode } from './difference.js';
import type { ManifestOperation } from './manifest.js';
import { ANY_TOKEN, describeAlternatives } from './scope-alternatives.js';

type Told = Pick<Difference, 'code' | 'kind' | 'message'>;

/** What tells who reaches an operation. */
type Need = Pick<ManifestOperation, 'anonymous' | 'scopes' | 'computesScopes'>;

/** What a new operation adds, and what it opens. */
export function describeAdded(operation: ManifestOperation, knownScopes: ReadonlySet<string>): readonly Told[] {
  const reached = describeNeed(operation);
  if (operation.anonymous) return [opened('anonymous', `is new, and takes no token.`)];
  if (operation.writes) return [opened('write_reachable', `is new and may change something. It takes ${reached}.`)];
  if (operation.scopes.some((one) => one.every((scope) => knownScopes.has(scope))))
    return [opened('scope_reaches_more', `is new, and callers of before reach it: it takes ${reached}.`)];
  return [{ code: 'operation_added', kind: 'added', message: `is new. It takes ${reached}.` }];
}

/** How an operation differs from what it was. */
export function compareOperations(before: ManifestOperation, now: ManifestOperation): readonly Told[] {
  return [
    ...compareNeeds(before, now),
    ...compareSafeguards(before, now),
    ...compareArguments(before, now),
    ...compareRest(before, now),
  ];
}

function compareNeeds(before: ManifestOperation, now: ManifestOperation): readonly Told[] {
  const told: Told[] = [];
  if (now.anonymous && !before.anonymous) told.push(opened('anonymous', 'takes no token any more.'));
  const was = describeNeed(before);
  const is = describeNeed(now);
  const wider = before.anonymous ? [] : findWiderAlternatives(before.scopes, now.scopes);
  if (before.computesScopes && !now.computesScopes && !before.anonymous && !now.anonymous)
    told.push(opened('scopes_dropped', `computes no scopes from its arguments any more. It takes ${is}.`));
  else if (wider.length > 0 && !now.anonymous) {
    const isFewer = wider.some((one) => before.scopes.some((other) => one.every((scope) => other.includes(scope))));
    told.push(
      isFewer
        ? opened('scopes_dropped', `takes ${is}. Before it took ${was}.`)
        : opened('scope_reaches_more', `is reached with ${describeAlternatives(wider)}. Before it took ${was}.`),
    );
  } else if (was !== is && !now.anonymous)
    told.push({ code: 'scopes_narrowed', kind: 'changed', message: `takes ${is}. Before it took ${was}.` });
  if (now.writes && !before.writes)
    told.push(opened('write_reachable', `may change something. Before it only read. It takes ${is}.`));
  return told;
}

function compareSafeguards(before: ManifestOperation, now: ManifestOperation): readonly Told[] {
  const dropped: string[] = before.safeguards.filter((one) => !now.safeguards.includes(one));
  const added: string[] = now.safeguards.filter((one) => !before.safeguards.includes(one));
  if (now.appOnly !== before.appOnly) (now.appOnly ? dropped : added).push('the demand for a user');
  if (!isDeepStrictEqual(now.acrValues, before.acrValues)) {
    const isStricter =
      now.acrValues.length > 0 &&
      (before.acrValues.length === 0 || now.acrValues.every((one) => before.acrValues.includes(one)));
    (isStricter ? added : dropped).push(`the sign-in demanded: ${before.acrValues.join(', ') || 'any'} before`);
  }
  const [wasAge, age] = [before.maxAgeMs ?? Infinity, now.maxAgeMs ?? Infinity];
  if (age !== wasAge)
    (age > wasAge ? dropped : added).push(
      `the age of the sign-in: ${before.maxAgeMs === undefined ? 'any' : `${wasAge} ms`} before`,
    );
  return [
    ...dropped.map((one) => opened('safeguard_dropped', `no longer has, or has a weaker: ${one}.`)),
    ...added.map((one): Told => ({
      code: 'safeguard_added',
      kind: 'changed',
      message: `has now, or has stricter: ${one}.`,
    })),
  ];
}

function compareArguments(before: ManifestOperation, now: ManifestOperation): readonly Told[] {
  const freed = listFreed({ before: before.withheld, now: now.withheld }, now.places);
  const names = [...new Set([...Object.keys(before.arguments), ...Object.keys(now.arguments)])].sort();
  const told = names.flatMap((name): readonly Told[] => {
    const [was, is, place] = [before.arguments, now.arguments, now.places].map((one) =>
      Object.hasOwn(one, name) ? one[name] : undefined,
    );
    if (was === is) return [];
    if (was === undefined) {
      return place !== undefined && freed.includes(place)
        ? []
        : [{ code: 'argument_added', kind: 'added', message: `has a new argument "${name}".` }];
    }
    return is === undefined
      ? [{ code: 'argument_removed', kind: 'removed', message: `has no argument "${name}" any more.` }]
      : [{ code: 'argument_changed', kind: 'changed', message: `takes other values for "${name}".` }];
  });
  const openedPlaces = freed.map((place) =>
    opened('argument_freed', `lets callers write "${place}", which was hidden, fixed or filled in before.`),
  );
  const filled = listOtherwiseFilled(before.withheld, now.withheld).map((place): Told => ({
    code: 'withheld_changed',
    kind: 'changed',
    message: `sends something else for "${place}", which callers do not write.`,
  }));
  return [...openedPlaces, ...told, ...filled];
}

function compareRest(before: ManifestOperation, now: ManifestOperation): readonly Told[] {
  const told: Told[] = [];
  if (before.name !== now.name)
    told.push({ code: 'renamed', kind: 'changed', message: `was named "${before.name}" before.` });
  const reached = now.downstreams.filter((one) => !before.downstreams.includes(one));
  const left = before.downstreams.filter((one) => !now.downstreams.includes(one));
  if (reached.length > 0)
    told.push(opened('downstream_reached', `calls ${reached.join(', ')} now. It did not before.`));
  if (left.length > 0)
    told.push({ code: 'downstream_removed', kind: 'removed', message: `does not call ${left.join(', ')} any more.` });
  const isSame = isDeepStrictEqual(before.arguments, now.arguments) && before.name === now.name;
  if (isSame && before.definition !== now.definition) {
    const message = 'is shown to clients with other texts, hints or results.';
    told.push({ code: 'definition_changed', kind: 'changed', message });
  }
  return told;
}

const NO_TOKEN = 'no token';
const COMPUTED = 'scopes computed from the arguments';

/** What callers may need that no scope names. */
export const UNNAMED_NEEDS: readonly string[] = [NO_TOKEN, ANY_TOKEN, COMPUTED];

/** What a caller needs, in words. */
export function describeNeed({ anonymous, scopes, computesScopes }: Need): string {
  if (anonymous) return NO_TOKEN;
  if (computesScopes) return COMPUTED;
  return describeAlternatives(scopes);
}

function opened(code: DifferenceCode, message: string): Told {
  return { code, kind: 'opened', message };
}
