import { Injectable } from '@nestjs/common';
import {
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  type LoggingLevel,
  type Server,
} from '@modelcontextprotocol/server';
import { LimitError } from '../../errors/limit-error.js';
import { CallerLimits } from '../../limits/caller-limits.js';
import { FairCache } from '../../limits/fair-cache.js';
import type { Admit } from '../invocation/authorized-request.js';
import { identifyConversation } from '../invocation/conversation.js';
import { toLimitError } from '../invocation/limit-answer.js';
import { Subscriptions } from '../notifications/subscriptions.js';

/** Milliseconds for which the log level of a conversation is remembered. */
const LEVEL_AGE = 24 * 60 * 60_000;

export type ConversationMethod = 'resources/subscribe' | 'resources/unsubscribe' | 'logging/setLevel';

/** The methods with which a client before 2026-07-28 chooses what it is notified of in a conversation. */
@Injectable()
export class ConversationMethods {
  readonly #levels: FairCache<LoggingLevel>;

  constructor(
    private readonly subscriptions: Subscriptions,
    limits: CallerLimits,
  ) {
    this.#levels = new FairCache(limits.of('conversations'));
  }

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
          const kind = method === 'resources/subscribe' ? 'subscribe' : 'unsubscribe';
          try {
            this.subscriptions.change(kind, { party, holder: authorized.caller }, params.uri);
          } catch (error) {
            throw error instanceof LimitError ? toLimitError(error) : error;
          }
          return {};
        });
        break;
      case 'logging/setLevel':
        server.setRequestHandler(method, async ({ params }, context) => {
          const { authorized, conversation } = await admit(method, params, context);
          const { caller: holder } = authorized;
          if (conversation) {
            const party = identifyConversation(holder, conversation);
            this.#levels.offer(party, params.level, { holder, lifetimeMs: LEVEL_AGE });
          }
          return {};
        });
        break;
    }
  }
}
