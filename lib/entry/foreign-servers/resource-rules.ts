import type { Offer } from '../../resource-server/catalogue/primitive.js';
import { isSameRule } from '../../resource-server/catalogue/same-rule.js';
import {
  areInConflict,
  compareTargets,
  ResourceUris,
  type UriTarget,
} from '../../resource-server/resource-uris/resource-uris.js';
import { UriPattern } from '../../resource-server/resource-uris/uri-pattern.js';
import { fold } from '../../resource-server/resource-uris/uri-readings.js';
import { findSpellingProblem } from '../../resource-server/resource-uris/uri-spelling.js';
import { NO_RULE, refuse, type Ruling } from './ruling.js';

interface RuleTarget extends UriTarget {
  readonly rule: Offer;
}

/** What servers may leave out of account. */
const DISREGARDED = { scheme: true, query: true };

/** Rules for resources, by URI or by URI template. */
export class ResourceRules {
  readonly #uris = new ResourceUris<RuleTarget>({ ignoresScheme: true });
  readonly #targets: RuleTarget[] = [];
  #other: Offer | undefined;

  /**
   * @param name - a URI, a template, or `*` for all other resources
   * @returns what is wrong with it, as the end of a sentence that begins with the name
   */
  add(name: string, rule: Offer): readonly string[] {
    if (name === '*') {
      this.#other = rule;
      return [];
    }
    try {
      const target = { name, rule, pattern: UriPattern.parse(name) };
      // Variables have values that need no escapes.
      const spelled = target.pattern.parts.map((part) => (typeof part === 'string' ? part : 'x')).join('');
      const problem = findSpellingProblem(spelled);
      if (problem !== undefined) return [`${problem}. Write the URI as RFC 3986 has it`];
      const rivals = this.#targets.filter((other) => !isSameRule(other.rule, rule) && areInConflict(other, target));
      this.#uris.add(target);
      this.#targets.push(target);
      return rivals.map(
        (other) => `has another rule than "${other.name}", and neither is more specific. Give them one`,
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return [`is not a template of RFC 6570 that URIs can be matched with: it ${reason}. Write "orders://{id}"`];
    }
  }

  listNested(): readonly (readonly [narrow: Offer, wide: Offer])[] {
    const nested = this.#targets.flatMap((narrow) =>
      this.#targets
        .filter((wide) => compareTargets(narrow, wide) === 'within')
        .map((wide) => [narrow.rule, wide.rule] as const),
    );
    const rest = this.#other;
    return rest ? [...nested, ...this.#targets.map(({ rule }) => [rule, rest] as const)] : nested;
  }

  findSpelled(uri: string): Offer | undefined {
    return this.#uris.findSpelled(uri)?.item.rule ?? this.#other;
  }

  /**
   * Finds the rule of a URI. Servers read URIs in different ways: decoded, as `URL` writes them, without regard to case,
   * to the scheme or the query. A URI that has another rule under one of these readings, or none, is refused.
   */
  find(uri: string): Ruling {
    const rule = this.findSpelled(uri);
    if (!rule) return NO_RULE;
    // Where there is one rule for everything, no reading has another one.
    if (this.#targets.length === 0) return { rule };
    const doubt = this.#uris.findDoubt(uri, (meant) => {
      const rules = meant.length > 0 ? meant.map((target) => target.rule) : [this.#other];
      return rules.some((one) => one && isSameRule(one, rule));
    });
    return doubt === undefined ? { rule } : refuse(`the URI ${doubt}`);
  }

  /** Finds the rule of a template, by which clients name what is to be completed. */
  findTemplate(template: string): Ruling {
    if (!template.includes('{')) return this.find(template);
    const own = this.#targets.find(({ name }) => name === template);
    if (own) return { rule: own.rule };
    const rest = this.#other;
    if (!rest) return NO_RULE;
    const problem = findSpellingProblem(cutPrefix(template));
    if (problem !== undefined) return refuse(`the template ${problem}`);
    const prefix = foldPrefix(template);
    const rival = this.#targets.find(({ name, rule }) => {
      const other = foldPrefix(name);
      return (other.startsWith(prefix) || prefix.startsWith(other)) && !isSameRule(rule, rest);
    });
    return rival ? refuse(`its resources may have the rule of "${rival.name}". Add the template`) : { rule: rest };
  }
}

/** The text with which all URIs of a template begin. */
function cutPrefix(template: string): string {
  return template.split('{', 1).join('');
}

function foldPrefix(template: string): string {
  return fold(cutPrefix(template), DISREGARDED);
}
