import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { DocumentProblem, showPlace } from './document-problem.js';
import { extendPointer, findByPointer } from './json-pointer.js';
import { NamedParts, type PartPlace } from './named-parts.js';

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

/** What is known of the files of a document, apart from their values. */
export interface DocumentLinks {
  /** Where a file came from in the end, by where it was asked for. */
  readonly redirects: ReadonlyMap<string, string>;
  /** Files that were not read, and why. */
  readonly unread: ReadonlyMap<string, string>;
  readonly parts: NamedParts;
}

const NO_LINKS: DocumentLinks = { redirects: new Map(), unread: new Map(), parts: new NamedParts() };

/** An OpenAPI document with the files that it refers to. */
export class OpenApiDocument {
  /**
   * @param file - of the document itself, which is an object
   * @param files - all that were read, by their absolute path or URL
   * @param links - what is known of them
   */
  constructor(
    readonly file: string,
    private readonly files: ReadonlyMap<string, unknown>,
    private readonly links: DocumentLinks = NO_LINKS,
  ) {}

  get root(): Located<JsonObject> {
    return { value: this.files.get(this.file) as JsonObject, file: this.file, pointer: '' };
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
   * Finds what a reference means: a part with that URI (`$self`, `$id`), or else the file that is there.
   *
   * @throws {@link DocumentProblem} if there is nothing
   */
  find(from: Located, reference: string): Located {
    const [path = '', fragment = ''] = reference.split('#', 2);
    const bases = new Set([this.links.parts.findBase(from), from.file]);
    const uris = [...bases].map((base) => (path === '' ? base : resolveFile(base, path)));
    for (const uri of uris) {
      const found = this.#findPart(uri, fragment);
      if (found) return found;
    }
    const uri = path === '' ? from.file : resolveFile(from.file, path);
    if (this.#findFile(uri)) throw new DocumentProblem(describePlace(from), `\`$ref\` "${reference}" leads nowhere`);
    const reason = this.links.unread.get(uri);
    throw new DocumentProblem(
      describePlace(from),
      `\`$ref\` names ${showPlace(uri)}, which was not read${reason === undefined ? '' : `: it ${reason}`}`,
    );
  }

  #findPart(uri: string, fragment: string): Located | undefined {
    const { parts } = this.links;
    const start = parts.findPart(uri) ?? this.#findFile(uri);
    if (!start) return undefined;
    const anchor = parts.findAnchor(uri, fragment) ?? parts.findAnchor(start.file, fragment);
    if (anchor) return { ...anchor, value: findByPointer(this.files.get(anchor.file), anchor.pointer) };
    for (const decoded of new Set([decodeFragment(fragment), fragment])) {
      const pointer = `${start.pointer}${decoded}`;
      const value = isPointer(decoded) ? findByPointer(this.files.get(start.file), pointer) : undefined;
      if (value !== undefined) return { value, file: start.file, pointer };
    }
    return undefined;
  }

  #findFile(uri: string): PartPlace | undefined {
    const file = this.links.redirects.get(uri) ?? uri;
    return this.files.has(file) ? { file, pointer: '' } : undefined;
  }
}

/** Resolves the file of a reference against the file that it is in (RFC 3986 section 5). */
export function resolveFile(base: string, path: string): string {
  if (URL.canParse(path)) return new URL(path).href;
  return URL.canParse(path, URL.canParse(base) ? base : undefined) ? new URL(path, base).href : path;
}

export function isReference(value: unknown): value is { readonly $ref: string } {
  return isJsonObject(value) && typeof value.$ref === 'string';
}

function isPointer(fragment: string): boolean {
  return fragment === '' || fragment.startsWith('/');
}

function decodeFragment(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}
