import { Logger } from '@nestjs/common';
import { isWritten } from '../log/clean-logger.js';
import { escapeUnseen } from '../log/clean-text.js';
import { Recurrences, type LeftOut } from '../log/recurrences.js';
import type { AuditEvent } from './audit-event.js';
import { findRecurring } from './refusal-lines.js';

/** Stores audit events. Its errors are logged, and reach no caller. */
export interface AuditSink {
  /**
   * Takes one event. Calls do not wait for a returned promise.
   *
   * @param event - contains no tokens and no secrets. Texts of strangers are cut, and have no control characters
   */
  record(event: AuditEvent): void | Promise<void>;
}

/** Events of normal operation. */
const ORDINARY: ReadonlySet<AuditEvent['type']> = new Set(['operation_allowed', 'token_exchanged', 'session_ended']);

/**
 * Writes events to Nest's logger. Each is one line of JSON, so that no value can forge a line. Refusals that strangers may
 * cause without end are summed: the first of a kind is a line at once, and a later one tells in `leftOut` how many there
 * were.
 */
export class LoggerAuditSink implements AuditSink {
  readonly #logger = new Logger('McpAudit');
  readonly #refusals = new Recurrences();

  /**
   * Writes an event: at `log` in normal operation, at `warn` otherwise.
   *
   * @param event - what happened
   */
  record(event: AuditEvent): void {
    const recurring = findRecurring(event);
    const tell = (leftOut?: LeftOut) => {
      this.#write({ ...event, ...(leftOut && { leftOut }) });
    };
    if (recurring) this.#refusals.sum(recurring.kind, tell, recurring.text);
    else tell();
  }

  /** Whether somebody may write lines of normal operation. */
  get isOrdinaryWritten(): boolean {
    return isWritten('log');
  }

  /** Writes how many refusals were left out so far. Called when the application stops. */
  flush(): void {
    this.#refusals.flush();
  }

  #write(event: AuditEvent): void {
    const line = escapeUnseen(JSON.stringify(event));
    if (ORDINARY.has(event.type)) this.#logger.log(line);
    else this.#logger.warn(line);
  }
}
