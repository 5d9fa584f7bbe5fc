import { readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Logger } from '@nestjs/common';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { createCredentialsError } from './client-authentication.js';

const logger = new Logger('ClientCredentials');

/** A file that whoever rotates the credentials writes anew: read again once it has changed. */
export class CredentialFile<Value> {
  #known: { readonly stamp: string; readonly value: Value };
  #problem: string | undefined;

  /**
   * @param read - makes the value of the file's text; throws if there is something wrong with it
   * @throws {@link McpAuthConfigurationError} if there is no such file, or its text is wrong
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

  /** The value as the file has it now. A file that is half written, or gone, leaves the value of before, and is logged. */
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

  /** Once for each problem: credentials are needed for every call. */
  #warn(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    logger.warn(
      `${this.path} cannot be read any more: ${problem}. What it had before is used on, and the next start will fail`,
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
    : 'its content is not as it has to be';
}
