import { ReadBudget } from './document-limits.js';
import type { DocumentOptions } from './document-options.js';
import { findSource } from './document-source.js';
import { readVersion, withVersion } from './document-version.js';
import { FileReading, type ReadFile } from './file-reading.js';
import { OpenApiDocument } from './open-api-document.js';
import { upgradeSwagger2 } from './swagger-2.js';
import type { JsonObject } from '../../json/json-object.js';

/** A document, and what tells whether it has changed. */
export interface ReadDocument {
  readonly document: OpenApiDocument;
  /** Where all files came from, with what tells their content from another one. */
  readonly digests: ReadonlyMap<string, string>;
  /** Files that were not read, and why. */
  readonly unread: ReadonlyMap<string, string>;
}

/** Reads a document and the files that it refers to. What has not changed since the last time is not parsed again. */
export class DocumentReader {
  #known: ReadonlyMap<string, ReadFile> = new Map();

  constructor(private readonly options: DocumentOptions) {}

  /** @throws {@link DocumentProblem} if the document cannot be read, or is none */
  async read(): Promise<ReadDocument> {
    const budget = new ReadBudget(this.options.documentLimits);
    const source = await findSource(this.options.document, budget);
    const reading = new FileReading(this.options, budget, this.#known);
    const root = 'value' in source ? reading.take(source.value) : await reading.open(source.url);
    const version = readVersion(root.url, root.value);
    await reading.followAll(root);
    const { files, redirects, unread, parts } = reading;
    if (this.options.reload)
      this.#known = new Map([...redirects].map(([asked, url]) => [asked, files.get(url) as ReadFile]));
    const values = new Map<string, unknown>([...files].map(([url, { value }]) => [url, value]));
    const raw = new OpenApiDocument(root.url, values, { redirects, unread, parts });
    values.set(
      root.url,
      version === '2.0' ? await upgradeSwagger2(raw) : withVersion(root.value as JsonObject, version),
    );
    return { document: raw, digests: new Map([...files].map(([url, { digest }]) => [url, digest])), unread };
  }
}
