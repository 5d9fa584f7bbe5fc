import { parseTemplate, type TemplatePart, type TemplateVariable } from './uri-template.js';

/** Values of variables as they are in the URI, by name. */
export type RawValues = ReadonlyMap<TemplateVariable, string>;

/**
 * Matches URIs against a template (RFC 6570) in linear time: each character is looked at once or twice for each part of
 * the template, whatever the URI is.
 */
export class UriPattern {
  readonly variables: readonly TemplateVariable[];

  /** @param parts - literal texts and variables. No two texts follow each other */
  constructor(readonly parts: readonly TemplatePart[]) {
    this.variables = parts.filter((part) => typeof part !== 'string');
  }

  /** @throws Error with a reason that completes the sentence "the template ..." */
  static parse(template: string): UriPattern {
    return new UriPattern(parseTemplate(template));
  }

  /**
   * Finds the values of the variables. If several ways are possible, earlier variables take as much as they can.
   *
   * @returns `undefined` if the URI does not match. Each value has one character at least
   */
  match(uri: string): RawValues | undefined {
    const [first] = this.parts;
    if (typeof first === 'string' && !uri.startsWith(first)) return undefined;
    const starts = this.#findStarts(uri);
    if (starts[0]?.[0] !== 1) return undefined;
    const values = new Map<TemplateVariable, string>();
    let at = 0;
    for (const [index, part] of this.parts.entries()) {
      if (typeof part === 'string') {
        at += part.length;
        continue;
      }
      const rest = starts[index + 1];
      let end = at;
      for (let next = at; next < uri.length && part.accepts(uri.charCodeAt(next)); next += 1)
        if (rest?.[next + 1] === 1) end = next + 1;
      values.set(part, uri.slice(at, end));
      at = end;
    }
    return values;
  }

  /**
   * Makes the URI with these values. The reverse of {@link match}.
   *
   * @returns `undefined` if some are missing, or have characters that no URI can hold
   */
  expand(values: Readonly<Record<string, string | string[]>>): string | undefined {
    if (!this.variables.every(({ name }) => Object.hasOwn(values, name))) return undefined;
    try {
      return this.parts.map((part) => (typeof part === 'string' ? part : encode(part, values[part.name]))).join('');
    } catch {
      return undefined;
    }
  }

  /** For each part, and for the end, the places in the URI from which the rest of the template matches. */
  #findStarts(uri: string): readonly Uint8Array[] {
    let after = new Uint8Array(uri.length + 1);
    after[uri.length] = 1;
    const starts = [after];
    for (const part of this.parts.toReversed()) {
      const here = new Uint8Array(uri.length + 1);
      for (let at = uri.length - 1; at >= 0; at -= 1) {
        const isStart =
          typeof part === 'string'
            ? after[at + part.length] === 1 && uri.startsWith(part, at)
            : part.accepts(uri.charCodeAt(at)) && (after[at + 1] === 1 || here[at + 1] === 1);
        if (isStart) here[at] = 1;
      }
      starts.unshift(here);
      after = here;
    }
    return starts;
  }
}

/** RFC 6570 section 3.2.1. @throws URIError for halves of characters */
function encode({ isReserved, separator = ',' }: TemplateVariable, value: string | string[] = ''): string {
  return [value]
    .flat()
    .map((one) => (isReserved ? encodeURI(one) : encodeURIComponent(one)))
    .join(separator);
}
