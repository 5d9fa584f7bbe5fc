import { areInConflict, compareTargets } from '../resource-uris/resource-uris.js';
import { NearResources, type OfferedResource } from './near-resources.js';
import { describePlace, type Offer } from './primitive.js';
import { isSameRule } from './same-rule.js';

/** What is to be said of resources and templates that match the same URIs under different rules. */
export interface Overlaps {
  /** Neither is more specific, so that nobody can tell which rule applies. */
  readonly problems: readonly string[];
  /** The more specific one applies. */
  readonly notices: readonly string[];
}

/**
 * Compares resources and templates of one server.
 *
 * @param added - those to compare with all others
 * @param offered - those that the server offers besides
 * @param isGone - whether one of them is no longer offered then
 */
export function findOverlaps(
  added: readonly Offer[],
  offered: NearResources,
  isGone: (other: OfferedResource) => boolean,
): Overlaps {
  const problems: string[] = [];
  const notices: string[] = [];
  const compared = added.filter(isResource);
  const later = new NearResources();
  for (const one of compared) later.add(one);
  for (const one of compared) {
    later.remove(one);
    for (const other of [...offered.list(one).filter((known) => !isGone(known)), ...later.list(one)]) {
      if (isSameRule(one, other)) continue;
      const relation = compareTargets(one, other);
      if (areInConflict(one, other)) problems.push(describeConflict(one, other));
      else if (relation === 'within') notices.push(describeNotice(one, other));
      else if (relation === 'around') notices.push(describeNotice(other, one));
    }
  }
  return { problems, notices };
}

function isResource(offer: Offer): offer is OfferedResource {
  return offer.kind === 'resource' || offer.kind === 'resourceTemplate';
}

function describeConflict(one: Offer, other: Offer): string {
  const names = [one, other].map(({ name, host }) => `"${name}" (${describePlace(host)})`).join(' and ');
  return `${names} match the same URIs and have different rules, and neither is more specific. Give them the same rule, or templates that do not overlap.`;
}

function describeNotice(narrow: Offer, wide: Offer): string {
  return `"${narrow.name}" (${describePlace(narrow.host)}) lies within "${wide.name}" (${describePlace(wide.host)}), which has another rule. The rule of "${narrow.name}" applies to its URIs.`;
}
