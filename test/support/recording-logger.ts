import type { LoggerService } from '@nestjs/common';
import { overhear } from './secret-watch.js';

/** Keeps what is logged, at every level. */
export class RecordingLogger implements LoggerService {
  readonly lines: string[] = [];

  log = this.#record('log');
  error = this.#record('error');
  warn = this.#record('warn');
  debug = this.#record('debug');
  verbose = this.#record('verbose');
  fatal = this.#record('fatal');

  get text(): string {
    return this.lines.join('\n');
  }

  #record(level: string) {
    return (...parts: unknown[]): void => {
      overhear('log', ...parts);
      this.lines.push(
        `${level} ${parts.map((part) => (typeof part === 'string' ? part : part instanceof Error ? String(part.stack) : JSON.stringify(part))).join(' ')}`,
      );
    };
  }
}
