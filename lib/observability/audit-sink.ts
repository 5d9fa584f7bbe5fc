import { Logger } from '@nestjs/common';
import { escapeUnseen } from '../log/clean-text.js';
import type { AuditEvent } from './audit-event.js';

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

/** Writes events to Nest's logger. Each is one line of JSON, so that no value can forge a line. */
export class LoggerAuditSink implements AuditSink {
  readonly #logger = new Logger('McpAudit');

  /**
   * Writes an event: at `log` in normal operation, at `warn` otherwise.
   *
   * @param event - what happened
   */
  record(event: AuditEvent): void {
    const line = escapeUnseen(JSON.stringify(event));
    if (ORDINARY.has(event.type)) this.#logger.log(line);
    else this.#logger.warn(line);
  }
}
