import { z } from 'zod';
import { DocumentProblem } from './document-problem.js';

/** How much is read of a document, and of the files that it refers to. */
export interface DocumentLimits {
  /** Bytes of all files together. Defaults to 67 108 864 (64 MiB). */
  maxSize?: number;
  /** Files, with the document itself. Defaults to 1000. */
  maxFiles?: number;
  /** References (`$ref`) in all files together. Defaults to 1 000 000. */
  maxReferences?: number;
  /** Levels of objects and arrays in one file. Defaults to 200. */
  maxDepth?: number;
  /** Values in one file, with the aliases of YAML written out. Defaults to 10 000 000. */
  maxValues?: number;
  /** Aliases of YAML in one file. Defaults to 10 000. */
  maxAliases?: number;
  /** Milliseconds until everything has been read. Defaults to 60 000. */
  timeoutMs?: number;
}

const count = z.int().positive('has to be a whole number from 1 up').optional();

/** Schema of {@link DocumentLimits}. */
export const documentLimitsSchema = z.strictObject({
  maxSize: count,
  maxFiles: count,
  maxReferences: count,
  maxDepth: z
    .int()
    .min(1, 'has to be a number of levels from 1 to 1000')
    .max(1_000, 'has to be a number of levels from 1 to 1000')
    .optional(),
  maxValues: count,
  maxAliases: count,
  timeoutMs: z.int().positive('has to be a positive number of milliseconds').optional(),
});

const DEFAULTS: Required<DocumentLimits> = {
  maxSize: 64 * 1024 * 1024,
  maxFiles: 1_000,
  maxReferences: 1_000_000,
  maxDepth: 200,
  maxValues: 10_000_000,
  maxAliases: 10_000,
  timeoutMs: 60_000,
};

/** What has been read so far, and what may still be. */
export class ReadBudget {
  readonly limits: Required<DocumentLimits>;
  readonly #end: number;
  #size = 0;
  #files = 0;
  #references = 0;

  constructor(limits: DocumentLimits = {}) {
    this.limits = { ...DEFAULTS, ...limits };
    this.#end = performance.now() + this.limits.timeoutMs;
  }

  /** Bytes that may still be read. */
  get sizeLeft(): number {
    return this.limits.maxSize - this.#size;
  }

  /** Milliseconds that are left. At least one. */
  get timeLeft(): number {
    return Math.max(1, Math.ceil(this.#end - performance.now()));
  }

  /** @throws {@link DocumentProblem} if it is one file too many */
  countFile(place: string): void {
    this.#files += 1;
    if (this.#files > this.limits.maxFiles) throw this.describe(place, 'maxFiles', 'is one file too many');
  }

  /** @throws {@link DocumentProblem} if the files are too large together */
  countSize(place: string, bytes: number): void {
    this.#size += bytes;
    if (this.#size > this.limits.maxSize) throw this.tooLarge(place);
  }

  /** @throws {@link DocumentProblem} if there are too many references */
  countReference(place: string): void {
    this.#references += 1;
    if (this.#references > this.limits.maxReferences)
      throw this.describe(place, 'maxReferences', 'has one reference too many');
  }

  /** @throws {@link DocumentProblem} if the time is over */
  checkTime(place: string): void {
    if (performance.now() > this.#end) throw this.tooSlow(place);
  }

  tooLarge(place: string): DocumentProblem {
    return this.describe(place, 'maxSize', 'is too large, with the files that were read before');
  }

  tooSlow(place: string): DocumentProblem {
    return this.describe(place, 'timeoutMs', 'takes too long to read');
  }

  /** Says which limit was reached, and how to raise it. */
  describe(place: string, limit: keyof DocumentLimits, problem: string): DocumentProblem {
    return new DocumentProblem(
      place,
      `${problem}: \`documentLimits.${limit}\` is ${this.limits[limit]}. Raise it if you trust the document`,
      true,
    );
  }
}
