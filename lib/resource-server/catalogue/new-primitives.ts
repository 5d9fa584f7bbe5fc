import type { Primitive } from './primitive.js';

/** Selects the primitives whose methods are none of the known ones. */
export function selectNew(primitives: readonly Primitive[], known: Iterable<Primitive>): readonly Primitive[] {
  const methods = new Map<unknown, Set<string>>();
  for (const { kind, host } of known) {
    const ofHost = methods.get(host.wrapper) ?? new Set();
    methods.set(host.wrapper, ofHost.add(`${kind} ${host.method}`));
  }
  return primitives.filter(({ kind, host }) => !methods.get(host.wrapper)?.has(`${kind} ${host.method}`));
}
