import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { DocumentProblem } from './document-problem.js';
import { extendPointer, findByPointer } from './json-pointer.js';

/** References that are followed one after the other. More are a circle. */
const MAX_HOPS = 64;

/** A value of a document, and where it is. */
export interface Located<Value = unknown> {
  readonly value: Value;
  /** File that it is in: a path, or a URL. */
  readonly file: string;
  /** JSON Pointer in that file (RFC 6901). */
  readonly pointer: string;
}

/** Where a value is, for messages and as a key. */
export function describePlace({ file, pointer }: Located): string {
  return `${file}#${pointer}`;
}

/** The value of a member. */
export function locate(parent: Located, ...members: readonly (string | number)[]): Located {
  const value = members.reduce<unknown>(
    (one, member) => (one as Record<string | number, unknown> | null | undefined)?.[member],
    parent.value,
  );
  return { value, file: parent.file, pointer: extendPointer(parent.pointer, ...members) };
}

/** An OpenAPI document with the files that it refers to. */
export class OpenApiDocument {
  /**
   * @param file - of the document itself
   * @param files - all that were read, by their absolute path or URL
   */
  constructor(
    readonly file: string,
    private readonly files: ReadonlyMap<string, unknown>,
  ) {}

  get root(): Located<JsonObject> {
    const value = this.files.get(this.file);
    if (!isJsonObject(value)) throw new DocumentProblem(this.file, 'is not an OpenAPI document, but no object at all');
    return { value, file: this.file, pointer: '' };
  }

  /** Whether schemas are those of OpenAPI 3.0: with `nullable`, and with a `$ref` that has no siblings. */
  get isBefore31(): boolean {
    return String(this.root.value.openapi).startsWith('3.0');
  }

  /**
   * Follows references, until there is a value (OpenAPI 3.1, Reference Object).
   *
   * @throws {@link DocumentProblem} if a reference leads nowhere or in a circle
   */
  follow(node: Located): Located {
    let one = node;
    for (let hops = 0; isReference(one.value); hops += 1) {
      if (hops === MAX_HOPS) throw new DocumentProblem(describePlace(node), 'its `$ref` leads in a circle');
      one = this.find(one, one.value.$ref);
    }
    return one;
  }

  /**
   * Finds what a reference means.
   *
   * @throws {@link DocumentProblem} if there is nothing
   */
  find(from: Located, reference: string): Located {
    const [path = '', fragment = ''] = reference.split('#', 2);
    const file = path === '' ? from.file : resolveFile(from.file, path);
    const pointer = decodeFragment(fragment);
    if (!this.files.has(file))
      throw new DocumentProblem(describePlace(from), `\`$ref\` names ${file}, which was not read`);
    const value = findByPointer(this.files.get(file), pointer);
    if (value === undefined) throw new DocumentProblem(describePlace(from), `\`$ref\` "${reference}" leads nowhere`);
    return { value, file, pointer };
  }
}

/** Resolves the file of a reference against the file that it is in (RFC 3986 section 5). */
export function resolveFile(base: string, path: string): string {
  return URL.canParse(path, base) ? new URL(path, base).href : path;
}

export function isReference(value: unknown): value is { readonly $ref: string } {
  return isJsonObject(value) && typeof value.$ref === 'string';
}

function decodeFragment(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}
