import { Injectable } from '@nestjs/common';
import {
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  type LoggingLevel,
  type Server,
} from '@modelcontextprotocol/server';
import { ExpiringCache } from '../../time/expiring-cache.js';
import type { Admit } from '../invocation/authorized-request.js';
import { identifyConversation } from '../invocation/conversation.js';
import { Subscriptions } from '../notifications/subscriptions.js';

/** Maximum number of conversations whose log level is remembered, and for how many milliseconds. */
const MAX_LEVELS = 10_000;
const LEVEL_AGE = 24 * 60 * 60_000;

export type ConversationMethod = 'resources/subscribe' | 'resources/unsubscribe' | 'logging/setLevel';

/** The methods with which a client before 2026-07-28 chooses what it is notified of in a conversation. */
@Injectable()
export class ConversationMethods {
  readonly #levels = new ExpiringCache<LoggingLevel>(MAX_LEVELS);

  constructor(private readonly subscriptions: Subscriptions) {}

  /** The minimum log level that a party has requested, if any. */
  getLevel(party: string): LoggingLevel | undefined {
    return this.#levels.get(party);
  }

  handle(server: Server, method: ConversationMethod, admit: Admit): void {
    switch (method) {
      case 'resources/subscribe':
      case 'resources/unsubscribe':
        server.setRequestHandler(method, async ({ params }, context) => {
          const { authorized, conversation } = await admit(method, params, context);
          if (!authorized.primitive || 'problems' in authorized.input) throw new ResourceNotFoundError(params.uri);
          if (!conversation)
            throw new ProtocolError(
              ProtocolErrorCode.InvalidRequest,
              'Subscriptions take the Mcp-Session-Id of initialize',
            );
          const party = identifyConversation(authorized.caller, conversation);
          this.subscriptions.change(method === 'resources/subscribe' ? 'subscribe' : 'unsubscribe', party, params.uri);
          return {};
        });
        break;
      case 'logging/setLevel':
        server.setRequestHandler(method, async ({ params }, context) => {
          const { authorized, conversation } = await admit(method, params, context);
          if (conversation) this.#levels.set(identifyConversation(authorized.caller, conversation), params.level, LEVEL_AGE);
          return {};
        });
        break;
    }
  }
}
