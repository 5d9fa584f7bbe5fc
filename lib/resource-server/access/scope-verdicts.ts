/** The result of checking a caller's scopes against a rule. */
export interface ScopeVerdict {
  readonly sufficient: boolean;
  /** Scopes that the operation requires, for one challenge (MCP specification, Scope Challenge Handling). */
  readonly needed: readonly string[];
}

/** Most verdicts that are remembered at a time. */
const MAX_VERDICTS = 100_000;

/** What was decided of rules that stay as they are, by the scopes that callers hold. */
export class ScopeVerdicts {
  #known = new WeakMap<ReadonlySet<string>, WeakMap<object, ScopeVerdict>>();
  #count = 0;

  /** @param held - the same set for all callers that hold the same scopes */
  find(rule: object, held: ReadonlySet<string>): ScopeVerdict | undefined {
    return this.#known.get(held)?.get(rule);
  }

  /** @returns the same verdict */
  keep(rule: object, held: ReadonlySet<string>, verdict: ScopeVerdict): ScopeVerdict {
    if (this.#count >= MAX_VERDICTS) {
      this.#known = new WeakMap();
      this.#count = 0;
    }
    let ofSet = this.#known.get(held);
    if (!ofSet) this.#known.set(held, (ofSet = new WeakMap()));
    ofSet.set(rule, verdict);
    this.#count += 1;
    return verdict;
  }
}
