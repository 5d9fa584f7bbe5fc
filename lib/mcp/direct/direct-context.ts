import { LOG_LEVEL_META_KEY, type LoggingLevel, type RequestMetaEnvelope } from '@modelcontextprotocol/server';
import { Ending } from '../../time/ending.js';
import type { MessageContext } from '../invocation/message-context.js';
import type { DirectMessage } from './direct-message.js';

/** From the least to the most severe (RFC 5424 section 6.2.1). */
const LEVELS: readonly LoggingLevel[] = [
  ...(['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const),
];

const NO_STATE = () => undefined;

/** The way to the client of a message. */
export interface MessageSource {
  /** Sends a notification before the answer. */
  readonly send: (notification: object) => void;
  /** The minimum level of log messages that a client before 2026-07-28 requested, if any. */
  readonly level: () => LoggingLevel | undefined;
}

type McpRequest = MessageContext['mcpReq'];

/** The context of a message that no server of the SDK serves. */
export class DirectContext implements MessageContext, McpRequest {
  readonly id: McpRequest['id'];
  readonly _meta?: NonNullable<McpRequest['_meta']>;
  readonly envelope?: RequestMetaEnvelope;
  readonly requestState = NO_STATE as McpRequest['requestState'];
  readonly #era: DirectMessage['era'];
  readonly #source: MessageSource;
  readonly ending = new Ending();

  constructor({ id, meta, envelope, era }: DirectMessage, source: MessageSource) {
    this.id = id;
    if (meta) this._meta = meta;
    if (envelope) this.envelope = envelope;
    this.#era = era;
    this.#source = source;
  }

  get mcpReq(): this {
    return this;
  }

  get signal(): AbortSignal {
    return this.ending.signal;
  }

  notify: McpRequest['notify'] = (notification) => {
    if (!this.ending.hasEnded) this.#source.send({ jsonrpc: '2.0', ...notification });
    return Promise.resolve();
  };

  log: McpRequest['log'] = async (level, data, logger) => {
    // Who speaks 2026-07-28 gets no log messages unless the request asks for them.
    const isModern = this.#era === 'modern';
    const least = isModern
      ? (this.envelope as { readonly [LOG_LEVEL_META_KEY]?: LoggingLevel } | undefined)?.[LOG_LEVEL_META_KEY]
      : this.#source.level();
    if (least === undefined ? isModern : LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
    await this.notify({ method: 'notifications/message', params: { level, data, logger } });
  };
}
