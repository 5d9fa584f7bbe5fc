import { describeError } from '../../errors/reason.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { CleanLogger } from '../../log/clean-logger.js';
import type { DocumentOptions } from './document-options.js';
import { DocumentProblem } from './document-problem.js';
import { DocumentReader, type ReadDocument } from './document-reader.js';
import { GIVEN } from './document-source.js';
import { FileWatch } from './file-watch.js';
import type { OpenApiDocument } from './open-api-document.js';

/** Takes a new document over. It throws if the document cannot be used. */
type TakeOver = (document: OpenApiDocument) => Promise<void>;

/** A document that is read again while the server runs, as its options say. */
export class LiveDocument {
  readonly #logger = new CleanLogger('McpOpenApi');
  readonly #reader: DocumentReader;
  #current: ReadDocument | undefined;
  /** The newest content, whether it was taken over or not. */
  #seen = '';
  /** Why the last reading failed. It is told once. */
  #failure: string | undefined;
  #watch: FileWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #check: Promise<void> | undefined;
  #isWanted = false;
  #isStopped = false;

  /** @param place - of its options, for messages: `@McpOpenApi on OrdersApi` */
  constructor(
    private readonly options: DocumentOptions,
    private readonly place: string,
  ) {
    this.#reader = new DocumentReader(options);
  }

  /**
   * The document as it is in use. It is read if it has not been yet.
   *
   * @throws {@link DocumentProblem} if it cannot be read
   */
  async open(): Promise<OpenApiDocument> {
    if (!this.#current) {
      const read = await this.#reader.read();
      this.#refuseVain(read);
      this.#current = read;
      this.#seen = toSignature(read);
    }
    return this.#current.document;
  }

  /** Starts to look for changes, if the options say so. */
  start(takeOver: TakeOver): void {
    const { watch = false, intervalMs } = this.options.reload ?? {};
    if (this.#isStopped || !this.#current) return;
    if (watch) {
      this.#watch = new FileWatch(() => {
        this.#want(takeOver);
      });
      this.#watch.follow(this.#current.digests.keys(), this.#current.unread.keys());
    }
    if (intervalMs !== undefined) this.#wait(intervalMs, takeOver);
  }

  /** Ends all of it. What is read meanwhile is not taken over. */
  stop(): void {
    this.#isStopped = true;
    this.#watch?.close();
    clearTimeout(this.#timer);
  }

  #wait(intervalMs: number, takeOver: TakeOver): void {
    this.#timer = setTimeout(() => {
      this.#want(takeOver);
      void this.#check?.then(() => {
        if (!this.#isStopped) this.#wait(intervalMs, takeOver);
      });
    }, intervalMs).unref();
  }

  /** Has the document checked once, or once more if it is being checked. */
  #want(takeOver: TakeOver): void {
    this.#isWanted = true;
    this.#check ??= this.#checkAll(takeOver).finally(() => (this.#check = undefined));
  }

  async #checkAll(takeOver: TakeOver): Promise<void> {
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false;
      try {
        await this.#checkOnce(takeOver);
        this.#failure = undefined;
      } catch (error) {
        this.#tell(error);
      }
    }
  }

  async #checkOnce(takeOver: TakeOver): Promise<void> {
    const read = await this.#reader.read();
    const signature = toSignature(read);
    if (this.#isStopped || !this.#current || signature === this.#seen) return;
    const lost = [...read.unread].find(([url]) => this.#current?.digests.has(url));
    if (lost) throw new DocumentProblem(...lost);
    this.#seen = signature;
    this.#watch?.follow(read.digests.keys(), read.unread.keys());
    if (signature === toSignature(this.#current)) return;
    await takeOver(read.document);
    this.#current = read;
    this.#logger.log(`The document of ${this.place} has changed. The new one is in use`);
  }

  #tell(error: unknown): void {
    const isTold = error instanceof DocumentProblem || error instanceof McpAuthConfigurationError;
    const reason = error instanceof McpAuthConfigurationError ? error.problems.join(' ') : describeError(error);
    if (this.#isStopped || reason === this.#failure) return;
    this.#failure = reason;
    const message = `The document of ${this.place} was read again, and cannot be used. The old one stays in use. ${reason}`;
    if (isTold) this.#logger.error(message);
    else this.#logger.error(message, error);
  }

  /** @throws {@link DocumentProblem} if there is nothing that can be read again */
  #refuseVain({ digests }: ReadDocument): void {
    const { document, reload } = this.options;
    if (!reload) return;
    const isFixed = typeof document === 'object' && !(document instanceof URL);
    if (isFixed)
      throw new DocumentProblem(
        GIVEN,
        'is an object, which `reload` cannot read again. Give a path, a URL or a function',
      );
    if (reload.watch && ![...digests.keys()].some((url) => url.startsWith('file:')))
      throw new DocumentProblem(GIVEN, 'is no file, so `reload.watch` watches nothing. Set `reload.intervalMs`');
  }
}

function toSignature({ digests, unread }: ReadDocument): string {
  return JSON.stringify([[...digests].sort(), [...unread.keys()].sort()]);
}
