import { Injectable } from '@nestjs/common';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { CallerLimits } from '../../limits/caller-limits.js';
import { isAnswer } from '../../resource-server/access/operation.js';
import type { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import { Challenges } from '../../resource-server/challenges/challenges.js';
import type { AuthorizedRequest } from '../invocation/authorized-request.js';
import { identifyConversation } from '../invocation/conversation.js';
import { ChangeNotifications } from '../notifications/change-notifications.js';
import { createChallengeResponse } from './challenge-response.js';
import { OpenExchanges } from './open-exchanges.js';

/**
 * Messages of clients before 2026-07-28 that are for another request: answers to its questions, and its cancellation.
 * That request may run in another replica.
 */
@Injectable()
export class ClientMessages {
  readonly exchanges: OpenExchanges;

  constructor(
    private readonly notifications: ChangeNotifications,
    private readonly challenges: Challenges,
    limits: CallerLimits,
  ) {
    this.exchanges = new OpenExchanges(limits.of('openQuestions'));
    notifications.onHanded((kind, party, message, caller) => {
      if (kind === 'answer') void this.exchanges.answer(party, message as Answer, caller);
      else if (kind === 'cancelled') this.exchanges.cancel(party, message);
    });
  }

  /**
   * Hands a message to the request that it is for. An answer is authorized as the call that asked.
   *
   * @returns the answer to the message; `undefined` if it is for no other request
   */
  async deliver(request: AuthorizedRequest): Promise<Response | undefined> {
    const { body, conversation, authorized } = request;
    if (!conversation) return undefined;
    const { caller, operation } = authorized;
    const party = identifyConversation(caller, conversation);
    const message = body as Answer;
    if (isAnswer(body)) {
      const outcome = await this.exchanges.answer(party, message, caller);
      if (typeof outcome !== 'string') return this.#refuse(request, outcome);
      this.notifications.hand('answer', party, message, outcome === 'delivered', caller);
    } else if (operation?.method === 'notifications/cancelled')
      this.notifications.hand('cancelled', party, message, this.exchanges.cancel(party, message));
    else return undefined;
    return new Response(null, { status: 202 });
  }

  #refuse({ authorized: { caller }, scheme }: AuthorizedRequest, denied: AccessDeniedError): Response {
    const { reason } = denied;
    const isChallenged = reason === 'insufficient_scope' || reason === 'insufficient_user_authentication';
    if (!caller || !isChallenged) return new Response(null, { status: 403 });
    return createChallengeResponse(this.challenges.createAccessChallenge(caller, scheme, denied));
  }
}

type Answer = JSONRPCMessage & { readonly id: string };
