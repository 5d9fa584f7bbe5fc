import { Logger } from '@nestjs/common';
import { cleanText } from './clean-text.js';
import { formatMessages, formatTrace } from './error-trace.js';
import { LoggedStacks } from './logged-stacks.js';

/** One for all loggers: the same error may pass several of them. */
const stacks = new LoggedStacks();

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

  /** @param error - adds its message and those of its causes, and their stacks once in a while for each kind of error */
  warn(message: string, ...error: [error?: unknown]): void {
    this.#logger.warn(format(message, error));
  }

  /** @param error - as for `warn` */
  error(message: string, ...error: [error?: unknown]): void {
    this.#logger.error(format(message, error));
  }
}

function format(message: string, error: readonly unknown[]): string {
  if (error.length === 0) return cleanText(message);
  const left = stacks.note(error[0]);
  if (left === undefined) return cleanText(`${cleanText(message)} ${formatMessages(error[0])}`);
  const told = left > 0 ? ` (${left} more of this kind since its stack was logged last)` : '';
  return `${cleanText(message)}${told} ${formatTrace(error[0])}`;
}
