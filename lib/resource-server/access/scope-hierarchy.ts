/** Which scopes a broader scope implies, directly: a map, or a function that knows. */
export type ScopeImplications = Readonly<Record<string, readonly string[]>> | ((scope: string) => readonly string[]);

/** No function may make scopes for ever: so many are added to those that are held. */
const MAX_IMPLIED = 1_000;

/**
 * Broader scopes imply narrower ones, which servers must account for (MCP specification 2026-07-28, Step-Up
 * Authorization Flow).
 */
export class ScopeHierarchy {
  readonly #implied: (scope: string) => readonly string[];

  constructor(implications: ScopeImplications = {}) {
    this.#implied =
      typeof implications === 'function'
        ? implications
        : (scope) => (Object.hasOwn(implications, scope) ? (implications[scope] ?? []) : []);
  }

  /** The scopes, and all that they imply, over any number of steps. */
  expand(scopes: readonly string[]): ReadonlySet<string> {
    const all = new Set(scopes);
    const most = all.size + MAX_IMPLIED;
    // A set yields what is added while it is walked.
    for (const scope of all) {
      const implied: unknown = this.#implied(scope);
      // A function that looks scopes up in an object finds `constructor` there too.
      for (const one of Array.isArray(implied) ? (implied as string[]) : []) if (all.size < most) all.add(one);
    }
    return all;
  }
}
