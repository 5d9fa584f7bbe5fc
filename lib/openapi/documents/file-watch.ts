import { watch, type FSWatcher } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeError } from '../../errors/reason.js';
import { CleanLogger } from '../../log/clean-logger.js';

/** Milliseconds that a directory has to be quiet. Editors write a file in several steps. */
const QUIET = 50;

/** Milliseconds after which the files are looked at, even if their directory is never quiet. */
const PATIENCE = 1_000;

/**
 * Watches the directories of files: editors, and mounted volumes, replace files and links. Says that something there has
 * changed, not what.
 */
export class FileWatch {
  readonly #logger = new CleanLogger('McpOpenApi');
  readonly #watchers = new Map<string, FSWatcher>();
  #paths: readonly string[] = [];
  #missing: readonly string[] = [];
  #stamp = '';
  #timer: NodeJS.Timeout | undefined;
  #since: number | undefined;
  #isClosed = false;

  /** @param onChange - called some time after a change */
  constructor(private readonly onChange: () => void) {}

  /**
   * Watches the directories of files from now on.
   *
   * @param urls - of the files. Those that are no `file:` URLs are left out
   * @param missing - URLs of files that were not read. They are looked at if something changes in those directories
   */
  follow(urls: Iterable<string>, missing: Iterable<string>): void {
    this.#paths = toPaths([...urls]);
    this.#missing = toPaths([...missing]);
    void this.#watchAll();
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  async #watchAll(): Promise<void> {
    const paths = this.#paths;
    const real = await Promise.all(paths.map((path) => realpath(path).catch(() => path)));
    const directories = new Set([...paths, ...real].map((path) => dirname(path)));
    if (this.#isClosed) return;
    for (const [directory, watcher] of this.#watchers) {
      if (directories.has(directory)) continue;
      watcher.close();
      this.#watchers.delete(directory);
    }
    const added = [...directories].filter((directory) => !this.#watchers.has(directory));
    for (const directory of added) this.#watch(directory);
    // Something may have changed before.
    if (added.length > 0) this.#note();
  }

  #watch(directory: string): void {
    const give = (error: unknown) => {
      this.#watchers.get(directory)?.close();
      this.#watchers.delete(directory);
      this.#logger.warn(
        `${directory} cannot be watched for changes of the document: ${describeError(error)}. Set \`reload.intervalMs\``,
      );
    };
    try {
      const watcher = watch(directory, { persistent: false }, () => {
        this.#note();
      });
      watcher.on('error', give);
      this.#watchers.set(directory, watcher);
    } catch (error) {
      give(error);
    }
  }

  #note(): void {
    if (this.#isClosed) return;
    this.#since ??= performance.now();
    clearTimeout(this.#timer);
    const left = Math.max(0, PATIENCE - (performance.now() - this.#since));
    this.#timer = setTimeout(
      () => {
        this.#since = undefined;
        void this.#look();
      },
      Math.min(QUIET, left),
    ).unref();
  }

  /** Other files of the directories may have changed, such as logs. */
  async #look(): Promise<void> {
    const stamps = await Promise.all([...this.#paths, ...this.#missing].map(readStamp));
    const stamp = stamps.join('\n');
    if (this.#isClosed || stamp === this.#stamp) return;
    this.#stamp = stamp;
    this.onChange();
  }
}

function toPaths(urls: readonly string[]): readonly string[] {
  return urls.filter((url) => url.startsWith('file:') && new URL(url).host === '').map((url) => fileURLToPath(url));
}

async function readStamp(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [path, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return `${path} is missing`;
  }
}
