import type { ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { ServerEvent, SubscriptionFilter } from '@modelcontextprotocol/server';
import { LimitError } from '../../errors/limit-error.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { PermittedItems } from '../../resource-server/authorization/permitted-items.js';
import { race } from '../../time/ending.js';
import type { DirectMessage } from '../direct/direct-message.js';
import { honorFilter, SubscribedEvents } from '../direct/listen-filter.js';
import { ListeningStream, type Listening } from '../direct/listening-stream.js';
import { encodeAcknowledgement } from '../direct/subscription-messages.js';
import type { AuthorizedRequest } from '../invocation/authorized-request.js';
import { identifyConversation, type Conversation } from '../invocation/conversation.js';
import { describeLimit, sendAnswer, sendLimit } from '../invocation/limit-answer.js';
import { encodeFrame } from '../notifications/encoded-event.js';
import { EventStreams } from '../notifications/event-streams.js';
import { Subscriptions } from '../notifications/subscriptions.js';
import { InFlight } from './in-flight.js';
import { Listings } from './listings.js';
import { OpenStreams } from './open-streams.js';
import { runAt } from './run-at.js';
import { ServerDescription } from './server-description.js';

/** Opens the streams on which clients listen, without the objects that the SDK makes for each. */
@Injectable()
export class SubscriptionStreams {
  constructor(
    private readonly events: EventStreams,
    private readonly subscriptions: Subscriptions,
    private readonly listings: Listings,
    private readonly items: PermittedItems,
    private readonly description: ServerDescription,
    private readonly inFlight: InFlight,
    private readonly streams: OpenStreams,
  ) {}

  /**
   * Answers a `subscriptions/listen`, if there is something that it can hear.
   *
   * @returns whether it is answered. If not, the SDK has to answer
   */
  async answer(message: DirectMessage, served: AuthorizedRequest, response: ServerResponse): Promise<boolean> {
    const { body, authorized, interruption } = served;
    let asked = message.params.notifications as SubscriptionFilter;
    if (asked.resourceSubscriptions) {
      try {
        const narrowed = await race(this.listings.narrow(body, authorized), interruption);
        asked = (narrowed as { readonly params: { readonly notifications: SubscriptionFilter } }).params.notifications;
      } catch {
        // It fails for the SDK, too, where it is told.
        return false;
      }
    }
    const filter = honorFilter(asked, this.description.offered.capabilities ?? {});
    if (Object.keys(filter).length === 0) return false;
    if (response.closed) return true;
    const { caller } = authorized;
    const { resourceSubscriptions: uris = [] } = filter;
    const subscribed = new SubscribedEvents(filter);
    const hears = (event: ServerEvent) => subscribed.has(event) && this.#mayHear(event, caller);
    try {
      this.#open(
        response,
        caller,
        uris,
        { id: message.id, hears },
        encodeFrame(encodeAcknowledgement(message.id, filter)),
      );
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
      const answer = describeLimit(error, body);
      served.explain?.(answer.status, error.message);
      sendAnswer(response, answer);
    }
    return true;
  }

  /**
   * Opens the notification stream of a client before 2026-07-28, until its token expires (MCP specification 2025-11-25,
   * Streamable HTTP, Listening for Messages from the Server).
   */
  listen(conversation: Conversation, caller: Caller | undefined, response: ServerResponse): void {
    const party = identifyConversation(caller, conversation);
    const hears = (event: ServerEvent) => this.subscriptions.isSubscribed(party, event) && this.#mayHear(event, caller);
    try {
      this.#open(response, caller, [], { id: undefined, hears }, ': listening\n\n');
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
      sendLimit(response, error, undefined);
    }
  }

  /** @throws LimitError if there are too many streams or subscriptions */
  #open(
    response: ServerResponse,
    caller: Caller | undefined,
    uris: readonly string[],
    { id, hears }: Pick<Listening, 'id' | 'hears'>,
    first: string,
  ): void {
    const releases: (() => void)[] = [];
    const onOver = () => {
      this.events.delete(stream);
      for (const release of releases) release();
    };
    const stream = new ListeningStream(response, { id, hears, onOver });
    const end = () => {
      stream.end();
    };
    releases.push(this.inFlight.takeStream(caller, uris, end));
    stream.begin(first);
    this.events.add(stream);
    releases.push(this.streams.add(caller, true, end));
    // A subscription must not outlive the token.
    if (!caller) return;
    const stop = runAt(caller.acceptedUntilMs, () => {
      stream.cut();
    });
    if (stream.isOver) stop();
    else releases.push(stop);
  }

  #mayHear(event: ServerEvent, caller: Caller | undefined): boolean | Promise<boolean> {
    return event.kind !== 'resource_updated' || this.items.mayRead(event.uri, caller);
  }
}
