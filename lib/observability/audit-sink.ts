import { Logger } from '@nestjs/common';
import type { AuditEvent } from './audit-event.js';

/** Takes audit events to where they are kept. What it throws is logged, and reaches no caller. */
export interface AuditSink {
  /**
   * Takes one event. No call waits for a promise.
   *
   * @param event - has no tokens and no secrets
   */
  record(event: AuditEvent): void | Promise<void>;
}

/** What happens where nothing is wrong. */
const ORDINARY: ReadonlySet<AuditEvent['type']> = new Set(['operation_allowed', 'token_exchanged', 'session_ended']);

/** Writes events to Nest's logger, one line of JSON each, so that no value can pass for a line of its own. */
export class LoggerAuditSink implements AuditSink {
  readonly #logger = new Logger('McpAudit');

  /**
   * Writes an event: at `log` where all is well, at `warn` otherwise.
   *
   * @param event - what happened
   */
  record(event: AuditEvent): void {
    const line = JSON.stringify(event).replace(/[\u007f-\u009f\u2028\u2029]/g, (character) => {
      return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
    });
    if (ORDINARY.has(event.type)) this.#logger.log(line);
    else this.#logger.warn(line);
  }
}
