import { isSameRule } from '../../resource-server/catalogue/same-rule.js';
import type { Offer } from '../../resource-server/catalogue/primitive.js';
import { NO_RULE, refuse, type Ruling } from './ruling.js';

/** Maximum length of a name, in characters. To fold a long text can take quadratic time. */
const MAX_NAME = 1_024;

/** Rules of tools or prompts, by name. */
export class NamedRules {
  readonly #rules = new Map<string, Offer>();
  readonly #folded = new Map<string, Offer>();

  /**
   * @param name - of a tool or prompt, or `*` for all others
   * @returns a rule whose name some server may not tell from this one, though it asks for something else
   */
  add(name: string, rule: Offer): Offer | undefined {
    this.#rules.set(name, rule);
    if (name === '*') return undefined;
    const twin = this.#folded.get(fold(name));
    this.#folded.set(fold(name), rule);
    return twin && !isSameRule(twin, rule) ? twin : undefined;
  }

  listNested(): readonly (readonly [narrow: Offer, wide: Offer])[] {
    const rest = this.#rules.get('*');
    return rest ? [...this.#rules.values()].filter((rule) => rule !== rest).map((rule) => [rule, rest]) : [];
  }

  findSpelled(name: string): Offer | undefined {
    return this.#rules.get(name) ?? this.#rules.get('*');
  }

  /** Servers may leave case and spaces out of account. A name that one could read as that of another rule has none. */
  find(name: string): Ruling {
    const rule = this.findSpelled(name);
    if (!rule) return NO_RULE;
    if (name.length > MAX_NAME) return refuse(`its name is longer than ${MAX_NAME} characters`);
    const meant = this.#folded.get(fold(name));
    if (meant && !isSameRule(meant, rule)) return refuse(`it may be read as "${meant.name}", which has another rule`);
    return { rule };
  }
}

/** Folds case, compatibility forms, and characters that are not seen. */
function fold(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/[\s\p{C}]/gu, '')
    .toUpperCase()
    .toLowerCase();
}
