import { isJsonObject } from '../../json/json-object.js';
import type { ReadBudget } from './document-limits.js';
import { DocumentProblem } from './document-problem.js';
import { extendPointer } from './json-pointer.js';
import type { ParsedText } from './parse-text.js';

/** A schema or a document that says its own URI (JSON Schema 2020-12 section 8.2.1; OpenAPI 3.2, `$self`). */
export interface NamedPart {
  readonly pointer: string;
  /** As it is written. */
  readonly id: string;
}

/** A part with a name that references may use as a fragment (JSON Schema 2020-12 section 8.2.2). */
export interface Anchor {
  readonly pointer: string;
  readonly name: string;
}

/** What a file refers to, and what it can be referred to by. */
export interface ExaminedFile {
  readonly value: unknown;
  /** References to other files or to parts with an own URI, as they are written, with the place of the first. */
  readonly references: ReadonlyMap<string, string>;
  readonly parts: readonly NamedPart[];
  readonly anchors: readonly Anchor[];
}

/**
 * Looks all values of a file over, before anything follows them.
 *
 * @param place - of the file, for messages
 * @throws {@link DocumentProblem} if it has too many levels, values or references, a value within itself, a key twice, or a
 *   key that is dangerous
 */
export function examineValue(place: string, { value, members }: ParsedText, budget: ReadBudget): ExaminedFile {
  const walk = new Walk(place, budget, members === undefined);
  walk.visit(value);
  // JSON takes the last one silently.
  if (members !== undefined && members !== walk.members) throw new DoubledMember();
  const { references, parts, anchors } = walk;
  return { value, references, parts, anchors };
}

/** A JSON text has a member twice. */
export class DoubledMember extends Error {}

class Walk {
  readonly references = new Map<string, string>();
  readonly parts: NamedPart[] = [];
  readonly anchors: Anchor[] = [];
  members = 0;
  #values = 0;
  readonly #path: (string | number)[] = [];
  /** Values of what was visited; `undefined` while it is. Values can be shared, except in JSON texts. */
  readonly #sizes: Map<object, number | undefined> | undefined;

  constructor(
    private readonly place: string,
    private readonly budget: ReadBudget,
    mayShare: boolean,
  ) {
    this.#sizes = mayShare ? new Map() : undefined;
  }

  visit(value: unknown): void {
    this.#count(1);
    if (typeof value !== 'object' || value === null) return;
    if (this.#sizes?.has(value)) {
      const size = this.#sizes.get(value);
      if (size === undefined)
        throw new DocumentProblem(
          this.#where,
          'is within itself. Give the document with its references, not without them',
        );
      this.#count(size);
      return;
    }
    const before = this.#values;
    this.#sizes?.set(value, undefined);
    if (this.#path.length >= this.budget.limits.maxDepth)
      throw this.budget.describe(this.#where, 'maxDepth', 'has too many levels');
    if (Array.isArray(value)) for (let index = 0; index < value.length; index += 1) this.#enter(index, value[index]);
    else if (isJsonObject(value)) this.#visitObject(value);
    this.#sizes?.set(value, this.#values - before);
  }

  #visitObject(value: Record<string, unknown>): void {
    const { $ref, $id, $self, $anchor, $dynamicAnchor } = value;
    if (typeof $ref === 'string') {
      this.budget.countReference(this.place);
      if (!$ref.startsWith('#') && !this.references.has($ref)) this.references.set($ref, this.#where);
    }
    if (typeof $id === 'string') this.parts.push({ pointer: this.#pointer, id: $id });
    if (typeof $self === 'string' && this.#path.length === 0) this.parts.push({ pointer: '', id: $self });
    for (const name of [$anchor, $dynamicAnchor])
      if (typeof name === 'string') this.anchors.push({ pointer: this.#pointer, name });
    for (const key of Object.keys(value)) {
      this.members += 1;
      if (key === '__proto__')
        throw new DocumentProblem(
          this.#where,
          'has a member `__proto__`, which JavaScript objects must not have. Rename or remove it',
        );
      this.#enter(key, value[key]);
    }
  }

  #enter(member: string | number, value: unknown): void {
    this.#path.push(member);
    this.visit(value);
    this.#path.pop();
  }

  #count(values: number): void {
    this.#values += values;
    if (this.#values > this.budget.limits.maxValues)
      throw this.budget.describe(this.place, 'maxValues', 'has too many values');
  }

  get #pointer(): string {
    return extendPointer('', ...this.#path);
  }

  get #where(): string {
    return `${this.place}#${this.#pointer}`;
  }
}
