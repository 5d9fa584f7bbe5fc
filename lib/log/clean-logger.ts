import { Logger } from '@nestjs/common';
import { cleanText } from './clean-text.js';
import { formatTrace } from './error-trace.js';

/**
 * Nest's logger, for everything that the package logs. Texts may contain values of strangers: each becomes one line
 * without control characters, of limited length.
 */
export class CleanLogger {
  readonly #logger: Logger;

  /** @param context - the name in front of each line */
  constructor(context: string) {
    this.#logger = new Logger(context);
  }

  debug(message: string): void {
    this.#logger.debug(cleanText(message));
  }

  log(message: string): void {
    this.#logger.log(cleanText(message));
  }

  /** @param error - adds its stack and those of its causes */
  warn(message: string, ...error: [error?: unknown]): void {
    this.#logger.warn(format(message, error));
  }

  /** @param error - adds its stack and those of its causes */
  error(message: string, ...error: [error?: unknown]): void {
    this.#logger.error(format(message, error));
  }
}

function format(message: string, error: readonly unknown[]): string {
  return error.length === 0 ? cleanText(message) : `${cleanText(message)} ${formatTrace(error[0])}`;
}
