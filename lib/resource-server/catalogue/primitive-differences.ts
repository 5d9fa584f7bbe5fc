import { isDeepStrictEqual } from 'node:util';
import type { Type } from '@nestjs/common';
import type { Primitive } from './primitive.js';
import { isSameRule } from './same-rule.js';

/** Tells the primitives of a server apart. */
export function toKey({ kind, name }: Primitive): string {
  return `${kind} ${name}`;
}

/** Whether a primitive is a generated method of a class. */
export function isGeneratedFor(type: Type): (primitive: Primitive) => boolean {
  return ({ host }) => host.type === type && host.handler !== undefined;
}

/** Lists what was removed or added, or looks otherwise to clients. What only a search finds is in no list of theirs. */
export function listDifferences(before: readonly Primitive[], after: readonly Primitive[]): readonly Primitive[] {
  const old = new Map(before.map((one) => [toKey(one), one]));
  const differences: Primitive[] = [];
  for (const one of after) {
    const known = old.get(toKey(one));
    old.delete(toKey(one));
    if (!known || !isDeepStrictEqual(known.listing, one.listing) || !isSameRule(known, one)) differences.push(one);
  }
  return [...old.values(), ...differences].filter((one) => one.kind !== 'tool' || one.search !== 'found');
}
