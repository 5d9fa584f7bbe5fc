import { ShortTextCache } from '../../limits/short-text-cache.js';
import { ScopeVerdicts } from './scope-verdicts.js';

/** The scopes that a broader scope implies directly, as a map or a function. */
export type ScopeImplications = Readonly<Record<string, readonly string[]>> | ((scope: string) => readonly string[]);

/** Maximum number of implied scopes. It stops a function that returns new scopes endlessly. */
const MAX_IMPLIED = 1_000;

/** How many sets of scopes are remembered, and how long they may be. Most callers of a server hold one of a few. */
const KNOWN_SETS = { maxSize: 500, maxLength: 2_000 };

/**
 * Expands broader scopes to the narrower scopes that they imply. Servers must account for these (MCP specification
 * 2026-07-28, Step-Up Authorization Flow).
 */
export class ScopeHierarchy {
  /** What was decided for sets of scopes. `undefined` if a function says what scopes imply: it may change its mind. */
  readonly verdicts: ScopeVerdicts | undefined;
  readonly #imply: (scope: string) => unknown;
  /** By the frozen lists of scopes of callers. */
  readonly #byList = new WeakMap<readonly string[], ReadonlySet<string>>();
  /** By the scopes themselves, in one order. */
  readonly #bySet = new ShortTextCache<ReadonlySet<string>>(KNOWN_SETS);

  /** @param implications - a map is read now, a function is asked each time */
  constructor(implications: ScopeImplications = {}) {
    if (typeof implications === 'function') {
      this.#imply = implications;
    } else {
      const implied = new Map(Object.entries(implications));
      this.#imply = (scope) => implied.get(scope);
      this.verdicts = new ScopeVerdicts();
    }
  }

  /**
   * The scopes and everything that they imply, over any number of steps.
   *
   * @returns the same set for the same scopes, unless a function says what they imply
   */
  expand(scopes: readonly string[]): ReadonlySet<string> {
    if (!this.verdicts) return this.#expand(scopes);
    const known = this.#byList.get(scopes);
    if (known) return known;
    const expanded = this.#share([...new Set(scopes)].sort());
    if (Object.isFrozen(scopes)) this.#byList.set(scopes, expanded);
    return expanded;
  }

  #share(scopes: readonly string[]): ReadonlySet<string> {
    const key = JSON.stringify(scopes);
    return this.#bySet.get(key) ?? this.#bySet.set(key, this.#expand(scopes));
  }

  #expand(scopes: readonly string[]): ReadonlySet<string> {
    const all = new Set(scopes);
    const most = all.size + MAX_IMPLIED;
    // Iterating a set also visits the entries added during the iteration.
    for (const scope of all) {
      const implied = this.#imply(scope);
      // A function of the application may return anything.
      for (const one of Array.isArray(implied) ? (implied as string[]) : []) if (all.size < most) all.add(one);
    }
    return all;
  }
}
