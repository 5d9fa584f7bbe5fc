import { UriTemplate } from '@modelcontextprotocol/server';
import type { Offer } from '../../resource-server/catalogue/primitive.js';

/** Maximum number of characters. A longer URI matches no rule. */
const MAX_URI = 8_192;

/** Rules of one server by URI or template. */
class Rules {
  readonly #exact = new Map<string, Offer[]>();
  readonly #templates: { readonly template: UriTemplate; readonly rule: Offer }[] = [];

  /** @throws Error if the template is invalid (RFC 6570) */
  add(key: string, rule: Offer): void {
    if (key.includes('{')) this.#templates.push({ template: new UriTemplate(key), rule });
    else this.#exact.set(key, [...(this.#exact.get(key) ?? []), rule]);
  }

  /** An exact URI takes precedence over a template. */
  match(uri: string): readonly Offer[] {
    return (
      this.#exact.get(uri) ?? this.#templates.filter(({ template }) => template.match(uri)).map(({ rule }) => rule)
    );
  }
}

/** Rules for resources, by URI or by URI template. */
export class ResourceRules {
  readonly #spelled = new Rules();
  readonly #folded = new Rules();
  #other: Offer | undefined;

  /**
   * @param key - a URI, a template, or `*` for all other resources
   * @throws Error if the template is invalid (RFC 6570)
   */
  add(key: string, rule: Offer): void {
    if (key === '*') {
      this.#other = rule;
      return;
    }
    this.#spelled.add(key, rule);
    this.#folded.add(fold(key), rule);
  }

  /**
   * Finds the rule of a URI. Servers may treat different spellings of a URI as equal: case, encoding, query. A URI
   * that a server could read as a resource with another rule gets no rule.
   */
  find(uri: string): Offer | undefined {
    if (uri.length > MAX_URI) return undefined;
    const found = this.#spelled.match(uri)[0] ?? this.#other;
    const meant = this.#folded.match(fold(uri));
    return found && (meant.length === 0 || meant.includes(found)) ? found : undefined;
  }
}

/** Removes what some servers ignore in a URI or template: scheme, query, fragment, case, encoding. */
function fold(key: string): string {
  const isTemplate = key.includes('{');
  const spelled = !isTemplate && URL.canParse(key) ? new URL(key).href : key;
  const path = spelled
    .replace(/\{[?&#][^}]*\}/g, '')
    .replace(/[?#].*$/s, '')
    .replace(/^[^:/{]*:(\/\/)?/, '');
  return decode(path)
    .toLowerCase()
    .replace(/^\/+|\/+$/g, '');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
