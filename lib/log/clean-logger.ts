import { ConsoleLogger, Logger, type LogLevel } from '@nestjs/common';
import { cleanText } from './clean-text.js';
import { formatMessages, formatTrace, identifyKind } from './error-trace.js';
import { addLeftOut, Recurrences, type LeftOut } from './recurrences.js';

/** Milliseconds for which the stack of a kind of error is not logged again. */
const STACK_PERIOD = 600_000;

/** Characters of a line that a number may follow. */
const MAX_SUMMED = 1_900;

/** What each logger of an application was told, and by whom. That of the next application is told anew. */
const told = new WeakMap<object, Map<CleanLogger, Recurrences>>();

/** One for all loggers: the same error may pass several of them. */
const stacks = new Recurrences();

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

  /**
   * Logs a line that strangers may cause as often as they like. The first of a kind comes at once, the others are counted,
   * and their last comes with their number.
   *
   * @param kind - one of few
   * @param text - tells lines of the kind apart, of which ten different ones may come at once
   */
  sum(level: 'warn' | 'error', kind: string, message: string, text?: string): void {
    const line = cleanText(message, MAX_SUMMED);
    const teller = findTeller();
    const tell = (leftOut?: LeftOut) => {
      if (findTeller() === teller) this[level](addLeftOut(line, leftOut));
    };
    const byWhom = told.get(teller) ?? new Map<CleanLogger, Recurrences>();
    const lines = byWhom.get(this) ?? new Recurrences();
    told.set(teller, byWhom.set(this, lines));
    lines.sum(`${level} ${kind}`, tell, text);
  }

  /** Logs how many lines were left out so far, by all loggers of the package. */
  static flush(): void {
    for (const lines of told.get(findTeller())?.values() ?? []) lines.flush();
  }
}

/** The logger of the application, which Nest's loggers write to. */
function findTeller(): object {
  return (Logger as unknown as LoggerState).staticInstanceRef ?? Logger;
}

/** What Nest keeps of the logger of the application. */
interface LoggerState {
  /** `undefined` if the application logs nothing. */
  readonly staticInstanceRef?: object;
  /** Whether lines are kept for a logger that comes later. */
  readonly isBufferAttached?: boolean;
}

/** Whether somebody may write lines of a level. Loggers other than Nest's own may have levels that Nest does not know. */
export function isWritten(level: LogLevel): boolean {
  const { staticInstanceRef: logger, isBufferAttached } = Logger as unknown as LoggerState;
  if (isBufferAttached) return true;
  return logger !== undefined && (logger.constructor !== ConsoleLogger || Logger.isLevelEnabled(level));
}

function format(message: string, error: readonly unknown[]): string {
  if (error.length === 0) return cleanText(message);
  const left = stacks.note(identifyKind(error[0]), STACK_PERIOD);
  if (left === undefined) return cleanText(`${cleanText(message)} ${formatMessages(error[0])}`);
  const told = left > 0 ? ` (${left} more of this kind since its stack was logged last)` : '';
  return `${cleanText(message)}${told} ${formatTrace(error[0])}`;
}
