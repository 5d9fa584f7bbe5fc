import type { Type } from '@nestjs/common';
import type { McpOpenApiOptions } from '../declaration/open-api-options.js';
import { LiveDocument } from '../documents/live-document.js';
import type { OpenApiDocument } from '../documents/open-api-document.js';
import type { DeclaredDocument } from './open-api-classes.js';

/** Takes over the new document of a class. It throws if the document cannot be used. */
export type TakeOver = (type: Type, options: McpOpenApiOptions, document: OpenApiDocument) => Promise<void>;

/** The documents of all classes of a server, as they are in use. */
export class LiveDocuments {
  readonly #documents = new Map<Type, Map<McpOpenApiOptions, LiveDocument>>();
  readonly #started = new Set<LiveDocument>();

  /** @throws {@link DocumentProblem} if it cannot be read */
  async open(type: Type, { options, place }: DeclaredDocument): Promise<OpenApiDocument> {
    const ofType = this.#documents.get(type) ?? new Map<McpOpenApiOptions, LiveDocument>();
    const document = ofType.get(options) ?? new LiveDocument(options, place);
    this.#documents.set(type, ofType.set(options, document));
    return await document.open();
  }

  /** Starts to look for changes of documents that are new. */
  start(takeOver: TakeOver): void {
    for (const [type, ofType] of this.#documents) {
      for (const [options, document] of ofType) {
        if (this.#started.has(document)) continue;
        this.#started.add(document);
        document.start((changed) => takeOver(type, options, changed));
      }
    }
  }

  stop(): void {
    for (const document of this.#started) document.stop();
  }
}
