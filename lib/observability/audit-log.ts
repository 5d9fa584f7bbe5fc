import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { CleanLogger } from '../log/clean-logger.js';
import { cleanText } from '../log/clean-text.js';
import { toReadable } from '../errors/reason.js';
import { McpAuthConfigurationError } from '../errors/configuration-error.js';
import { ResolvedOptions } from '../options/resolved-options.js';
import type { AuditContext, AuditEvent, AuditRecord } from './audit-event.js';
import { addLink } from './audit-links.js';
import { LoggerAuditSink, type AuditSink } from './audit-sink.js';
import { mapTexts } from './map-texts.js';
import { describeRefusal, findRecurring, isLoggedRefusal } from './refusal-lines.js';

/** Maximum characters of one text in an event. */
const MAX_TEXT = 1_000;

/** Sends audit events to the sink. */
@Injectable()
export class AuditLog implements OnModuleInit, OnApplicationShutdown {
  readonly #logger = new CleanLogger(AuditLog.name);
  #sink: AuditSink = new LoggerAuditSink();

  constructor(
    private readonly options: ResolvedOptions,
    private readonly moduleRef: ModuleRef,
  ) {}

  /** @throws {@link McpAuthConfigurationError} if the sink is a class that no module provides */
  onModuleInit(): void {
    const { auditSink } = this.options;
    if (typeof auditSink === 'object') this.#sink = auditSink;
    if (typeof auditSink !== 'function') return;
    try {
      this.#sink = this.moduleRef.get<AuditSink>(auditSink, { strict: false });
    } catch {
      throw new McpAuthConfigurationError([
        `\`observability.auditSink\` is ${auditSink.name}, which no module provides, or not as a singleton. Add it to the \`providers\` of one.`,
      ]);
    }
  }

  /** Called by Nest when the application stops. Logs how many lines were left out since the last ones. */
  onApplicationShutdown(): void {
    CleanLogger.flush();
    if (this.#sink instanceof LoggerAuditSink) this.#sink.flush();
  }

  /**
   * Records that an operation begins, unless nobody would read it: the sink is the logger, which leaves out its level.
   *
   * @param create - makes the record
   */
  recordAllowed(create: () => AuditContext & { readonly scopes: readonly string[] }): void {
    if (this.#sink instanceof LoggerAuditSink && !this.#sink.isOrdinaryWritten) return;
    this.record({ ...create(), type: 'operation_allowed' });
  }

  /** Cleans and cuts the texts of strangers. Never throws, and does not wait for the sink. */
  record(occurred: AuditRecord): void {
    const record = addLink(occurred);
    const event: AuditEvent = { time: new Date().toISOString(), resource: this.options.resource, ...record };
    // The lines of the logger are JSON, which escapes by itself, so that values can be read back.
    const isEscaped = this.#sink instanceof LoggerAuditSink;
    const clean = (text: string) => (isEscaped ? text.slice(0, MAX_TEXT) : cleanText(text, MAX_TEXT));
    void this.#deliver(mapTexts(event, clean));
    if (!isEscaped) this.#logRefusal(record);
  }

  /** Operators look into the log first. With a sink of the application, the event is not there. */
  #logRefusal(record: AuditRecord): void {
    if (!isLoggedRefusal(record)) return;
    const { kind, text } = findRecurring(record) ?? {
      kind: `${record.type} ${record.reason} ${record.operation?.name}`,
      text: record.detail,
    };
    this.#logger.sum('warn', kind, describeRefusal(record), text);
  }

  async #deliver(event: AuditEvent): Promise<void> {
    try {
      await this.#sink.record(event);
    } catch (thrown) {
      const error = toReadable(thrown);
      const reason = error instanceof Error ? error.name : typeof error;
      this.#logger.sum(
        'error',
        event.type,
        `An audit event was lost (${event.type}, ${event.correlationId}): the sink failed with ${reason}`,
      );
    }
  }
}
