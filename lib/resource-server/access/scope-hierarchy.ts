/** The scopes that a broader scope implies directly, as a map or a function. */
export type ScopeImplications = Readonly<Record<string, readonly string[]>> | ((scope: string) => readonly string[]);

/** Maximum number of implied scopes. It stops a function that returns new scopes endlessly. */
const MAX_IMPLIED = 1_000;

/**
 * Expands broader scopes to the narrower scopes that they imply. Servers must account for these (MCP specification
 * 2026-07-28, Step-Up Authorization Flow).
 */
export class ScopeHierarchy {
  readonly #implied: (scope: string) => readonly string[];
  /** By the scopes of callers. A function may change its mind. */
  readonly #expanded: WeakMap<readonly string[], ReadonlySet<string>> | undefined;

  constructor(implications: ScopeImplications = {}) {
    this.#implied =
      typeof implications === 'function'
        ? implications
        : (scope) => (Object.hasOwn(implications, scope) ? (implications[scope] ?? []) : []);
    this.#expanded = typeof implications === 'function' ? undefined : new WeakMap();
  }

  /** The scopes and everything that they imply, over any number of steps. */
  expand(scopes: readonly string[]): ReadonlySet<string> {
    const known = this.#expanded?.get(scopes);
    if (known) return known;
    const expanded = this.#expand(scopes);
    if (Object.isFrozen(scopes)) this.#expanded?.set(scopes, expanded);
    return expanded;
  }

  #expand(scopes: readonly string[]): ReadonlySet<string> {
    const all = new Set(scopes);
    const most = all.size + MAX_IMPLIED;
    // Iterating a set also visits the entries added during the iteration.
    for (const scope of all) {
      const implied: unknown = this.#implied(scope);
      // A function may look scopes up in a plain object, which returns a function for `constructor`.
      for (const one of Array.isArray(implied) ? (implied as string[]) : []) if (all.size < most) all.add(one);
    }
    return all;
  }
}
