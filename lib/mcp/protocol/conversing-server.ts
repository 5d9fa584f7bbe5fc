import { randomUUID } from 'node:crypto';
import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  Server,
  type Implementation,
  type JSONRPCMessage,
  type LoggingLevel,
  type ServerOptions,
  type Transport,
} from '@modelcontextprotocol/server';
import type { Holder } from '../../limits/tally.js';
import type { Conversation } from '../invocation/conversation.js';
import type { AdmitAnswer, OpenExchanges } from './open-exchanges.js';

/** The conversation that a request of a revision before 2026-07-28 belongs to. */
export interface ConversationPart {
  readonly conversation: Conversation;
  readonly party: string;
  /** The caller. */
  readonly holder: Holder | undefined;
  /** The minimum level of log messages that the client requested. */
  readonly level: LoggingLevel | undefined;
  readonly admitAnswer: AdmitAnswer;
  /** Id of the request. */
  readonly requestId: unknown;
}

/**
 * Serves one request of a conversation. It starts from what the client sent in `initialize`. The ids of its questions
 * are unique across servers. Answers and cancellations reach it from other requests.
 */
export class ConversingServer extends Server {
  constructor(
    info: Implementation,
    options: ServerOptions,
    private readonly part: ConversationPart,
    private readonly exchanges: OpenExchanges,
  ) {
    super(info, options);
  }

  override async connect(transport: Transport): Promise<void> {
    const { part, exchanges } = this;
    const send = transport.send.bind(transport);
    const asked = new Set<string>();
    // Random ids cannot clash with the id of a client's request.
    const [hello, level] = [randomUUID(), randomUUID()];
    let finishGreeting: () => void = () => undefined;
    const greeting = new Promise<void>((resolve) => {
      finishGreeting = resolve;
    });
    const deliver = (message: JSONRPCMessage) => transport.onmessage?.(message);
    transport.send = async (message, options) => {
      if ('id' in message && (message.id === hello || message.id === level)) {
        if (message.id === (part.level === undefined ? hello : level)) finishGreeting();
        return;
      }
      if (isJSONRPCRequest(message)) {
        const id = exchanges.expect(part.party, part.holder, part.admitAnswer, (answer) => {
          asked.delete(id);
          deliver({ ...answer, id: message.id });
        });
        asked.add(id);
        await send({ ...message, id }, options);
        return;
      }
      // A question is cancelled by the id that was sent to the client.
      if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
        for (const id of asked) {
          exchanges.forget(id);
          await send({ ...message, params: { ...message.params, requestId: id } }, options);
        }
        asked.clear();
        return;
      }
      await send(message, options);
    };
    await super.connect(transport);
    const done = exchanges.begin(part.party, part.requestId, deliver);
    const { onclose } = this;
    this.onclose = () => {
      done();
      for (const id of asked) exchanges.forget(id);
      onclose?.();
    };
    const { protocolVersion, capabilities, clientInfo } = part.conversation;
    deliver({ jsonrpc: '2.0', id: hello, method: 'initialize', params: { protocolVersion, capabilities, clientInfo } });
    if (part.level !== undefined)
      deliver({ jsonrpc: '2.0', id: level, method: 'logging/setLevel', params: { level: part.level } });
    await greeting;
  }
}
