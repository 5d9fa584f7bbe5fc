import { createHash } from 'node:crypto';
import { decodeText } from './decode-text.js';
import { ReadBudget } from './document-limits.js';
import type { DocumentOptions } from './document-options.js';
import { DocumentProblem } from './document-problem.js';
import { GIVEN } from './document-source.js';
import { DoubledMember, examineValue, type ExaminedFile } from './examine-value.js';
import { fetchDocument, type AllowedPlaces, type Validators } from './fetch-document.js';
import { NamedParts } from './named-parts.js';
import { resolveFile } from './open-api-document.js';
import { parseText, readYaml } from './parse-text.js';
import { findDirectory, readDocumentFile } from './read-document-file.js';

/** Files that are read at a time. */
const WIDTH = 8;

/** A file that was read. */
export interface ReadFile extends ExaminedFile {
  /** Where it was in the end. */
  readonly url: string;
  readonly digest: string;
  readonly validators?: Validators;
}

/** Reads a document once, with all files that it refers to. */
export class FileReading {
  /** By where they were in the end. */
  readonly files = new Map<string, ReadFile>();
  /** Where a file was in the end, by where it was asked for. */
  readonly redirects = new Map<string, string>();
  /** Files that were not read, and why. */
  readonly unread = new Map<string, string>();
  readonly parts = new NamedParts();
  readonly #allowed: AllowedPlaces;

  /** @param known - what was read before, by where it was asked for. It is not parsed again if it has not changed */
  constructor(
    private readonly options: DocumentOptions,
    private readonly budget: ReadBudget,
    private readonly known: ReadonlyMap<string, ReadFile>,
  ) {
    const { allowOrigins = [], acceptClearText = false } = options;
    this.#allowed = { origins: new Set(allowOrigins), acceptClearText };
  }

  /** Takes a document that was given as an object. */
  take(value: unknown): ReadFile {
    const examined = examineValue(GIVEN, { value }, this.budget);
    const digest = this.options.reload ? toDigest(JSON.stringify(value)) : '';
    return this.#keep(GIVEN, { ...examined, url: GIVEN, digest });
  }

  /**
   * Reads a document, and then the files that it refers to. A file that may not be read costs what refers to it.
   *
   * @throws {@link DocumentProblem} if the document itself cannot be read
   */
  async open(url: URL): Promise<ReadFile> {
    return await this.#read(url, undefined);
  }

  /** @throws {@link DocumentProblem} if a limit is exceeded */
  async followAll(root: ReadFile): Promise<void> {
    const directory =
      root.url.startsWith('file:') && !this.options.letReferencesReadAnyFile
        ? await findDirectory(new URL(root.url))
        : undefined;
    const asked = new Set([root.url, ...this.redirects.keys()]);
    let files = [root];
    while (files.length > 0) {
      const wanted = new Map<string, ReadFile>();
      for (const file of files)
        for (const reference of file.references.keys()) {
          const href = resolveFile(file.url, reference.replace(/#.*$/s, ''));
          if (!asked.has(href) && !this.parts.findPart(href)) wanted.set(href, file);
        }
      files = [];
      const queue = [...wanted];
      const work = async () => {
        for (let next = queue.shift(); next; next = queue.shift()) {
          const [href, from] = next;
          asked.add(href);
          const file = await this.#try(href, from, directory);
          if (file) files.push(file);
        }
      };
      await Promise.all(Array.from({ length: WIDTH }, work));
    }
  }

  async #try(href: string, from: ReadFile, directory: string | undefined): Promise<ReadFile | undefined> {
    try {
      if (!URL.canParse(href))
        throw new DocumentProblem(
          href,
          'is relative, and a document that is an object is in no directory. Give its path',
        );
      const url = new URL(href);
      if (url.protocol === 'file:' && !from.url.startsWith('file:'))
        throw new DocumentProblem(href, 'is a file, which a document that is no file itself may not name');
      const known = this.files.size;
      const file = await this.#read(url, directory);
      return this.files.size > known || file.url === href ? file : undefined;
    } catch (error) {
      if (!(error instanceof DocumentProblem) || error.isLimit) throw error;
      this.unread.set(href, error.problem);
      return undefined;
    }
  }

  async #read(url: URL, within: string | undefined): Promise<ReadFile> {
    const asked = url.href;
    this.budget.countFile(asked);
    this.budget.checkTime(asked);
    const known = this.known.get(asked);
    if (url.protocol === 'file:') {
      const bytes = await readDocumentFile(url, within, this.budget);
      return this.#keep(asked, await this.#parse(asked, bytes, known));
    }
    const fetched = await fetchDocument(url, this.#allowed, this.budget, known?.validators);
    const { bytes, url: last, ...validators } = fetched;
    // What has not changed is known.
    return this.#keep(
      asked,
      bytes ? { ...(await this.#parse(last.href, bytes, known)), validators } : (known as ReadFile),
    );
  }

  async #parse(place: string, bytes: Uint8Array, known: ReadFile | undefined): Promise<ReadFile> {
    const digest = this.options.reload ? toDigest(bytes) : '';
    if (known?.digest === digest && known.url === place) return known;
    const text = decodeText(place, bytes);
    const parsed = await parseText(place, text, this.budget);
    try {
      return { ...examineValue(place, parsed, this.budget), url: place, digest };
    } catch (error) {
      // The parser of YAML knows where.
      if (error instanceof DoubledMember) await readYaml(place, text, this.budget);
      throw error;
    }
  }

  #keep(asked: string, file: ReadFile): ReadFile {
    this.redirects.set(asked, file.url);
    const other = this.files.get(file.url);
    if (other) return other;
    this.files.set(file.url, file);
    this.parts.add(file.url, file);
    return file;
  }
}

function toDigest(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('base64url');
}
