import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { CleanLogger } from '../../log/clean-logger.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { createCredentialsError } from './client-authentication.js';

const logger = new CleanLogger('ClientCredentials');

/** A file with credentials that are rotated. It is read again after it has changed. */
export class CredentialFile<Value> {
  #known: { readonly stamp: string; readonly value: Value };
  #problem: string | undefined;

  /**
   * @param read - parses the file's text; throws if the text is invalid
   * @throws {@link McpAuthConfigurationError} if the file is missing, or its text is invalid
   */
  constructor(
    private readonly path: string,
    private readonly read: (text: string) => Value,
  ) {
    try {
      this.#known = { stamp: toStamp(statSync(path)), value: read(readFileSync(path, 'utf8')) };
    } catch (error) {
      if (error instanceof McpAuthConfigurationError) throw readFrom(path, error);
      throw createCredentialsError(
        `cannot be read from ${path}: ${describeCode(error)}. Check the path, the file and its permissions`,
      );
    }
  }

  /** The value as it was last read. */
  get latest(): Value {
    return this.#known.value;
  }

  /**
   * The current value of the file. If the file is missing or half written, the previous value is kept and the problem
   * is logged.
   */
  async load(): Promise<Value> {
    try {
      const stamp = toStamp(await stat(this.path));
      if (stamp !== this.#known.stamp) this.#known = { stamp, value: this.read(await readFile(this.path, 'utf8')) };
      this.#problem = undefined;
    } catch (error) {
      this.#warn(describeCode(error));
    }
    return this.#known.value;
  }

  /** Logs each problem once, because credentials are needed for every call. */
  #warn(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    logger.warn(
      `${this.path} cannot be read any more: ${problem}. Its last content stays in use, and the next start will fail`,
    );
  }
}

function readFrom(path: string, { problems }: McpAuthConfigurationError): McpAuthConfigurationError {
  return new McpAuthConfigurationError(problems.map((problem) => `${problem} It was read from ${path}.`));
}

function toStamp({ mtimeMs, size, ino }: { mtimeMs: number; size: number; ino: number }): string {
  return `${mtimeMs} ${size} ${ino}`;
}

/** Messages of parsers may quote the text. */
function describeCode(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && code.startsWith('E') && !code.startsWith('ERR_')
    ? code
    : 'its content is not valid';
}
