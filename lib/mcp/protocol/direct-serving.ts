import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { SdkError, SdkErrorCode, type JSONRPCMessage } from '@modelcontextprotocol/server';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import { DirectContext } from '../direct/direct-context.js';
import { readDirectMessage, type DirectMessage } from '../direct/direct-message.js';
import { encodeAnswer, encodeServer } from '../direct/encoded-result.js';
import { EventStream } from '../direct/event-stream.js';
import { KeepAlive } from '../notifications/keep-alive.js';
import { PreparedResults } from '../direct/prepared-results.js';
import type { AuthorizedRequest } from '../invocation/authorized-request.js';
import type { IdentifyClient } from '../invocation/client-channel.js';
import { beginConversation, identifyConversation } from '../invocation/conversation.js';
import { describeLimit, sendAnswer, sendText } from '../invocation/limit-answer.js';
import type { AcceptedTypes } from './accepted-types.js';
import { CallMethods, type CallMethod } from './call-methods.js';
import { describeChallenge } from './challenge-response.js';
import { ClientMessages } from './client-messages.js';
import { ConversationMethods } from './conversation-methods.js';
import { findHeaderMismatch } from './header-mismatch.js';
import { OpenStreams } from './open-streams.js';
import { ServerDescription } from './server-description.js';
import { SubscriptionStreams } from './subscription-streams.js';

/** One HTTP request, and how it can be answered. */
export interface HttpExchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly accepted: AcceptedTypes;
}

/** What the SDK has to go on with. */
export interface HandedOver {
  /** The stream that the answer has become. */
  readonly stream: EventStream | undefined;
}

const CALLS: ReadonlySet<string> = new Set<CallMethod>([
  'completion/complete',
  'prompts/get',
  'resources/read',
  'tools/call',
]);

/**
 * Answers what one message answers, without the objects that the SDK makes for each request. What is rare, and what the
 * SDK would refuse, is left to the SDK: messages, results and errors alike. So its rules are written down once.
 */
@Injectable()
export class DirectServing {
  readonly #prepared = new PreparedResults();
  readonly #keepAlive = new KeepAlive();
  readonly #running = new Set<DirectContext>();
  readonly #server: string;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly catalogue: Catalogue,
    private readonly calls: CallMethods,
    private readonly conversations: ConversationMethods,
    private readonly messages: ClientMessages,
    private readonly streams: OpenStreams,
    private readonly subscriptions: SubscriptionStreams,
    description: ServerDescription,
  ) {
    this.#server = encodeServer(description.implementation);
  }

  /** Ends all calls, as the server stops. */
  close(): void {
    for (const { ending } of [...this.#running]) ending.end(new StoppedError());
  }

  /**
   * Answers a request, if it can.
   *
   * @returns what the SDK has to answer; `undefined` if everything is answered
   */
  async answer(served: AuthorizedRequest, exchange: HttpExchange): Promise<HandedOver | undefined> {
    const message = this.#read(served, exchange);
    if (!message) return { stream: undefined };
    if (CALLS.has(message.method)) return await this.#call(message, served, exchange);
    if (message.method === 'subscriptions/listen') {
      const { accepted, response } = exchange;
      const isAnswered = accepted.stream && (await this.subscriptions.answer(message, served, response));
      return isAnswered ? undefined : { stream: undefined };
    }
    const key = this.#deriveKey(message, served);
    if (key === undefined) return { stream: undefined };
    const { revision } = this.catalogue;
    const answer = this.#prepared.find(key, revision, message);
    if (answer === undefined) {
      served.keepAnswer = (response) => this.#prepared.keep(key, revision, message, response);
      return { stream: undefined };
    }
    const conversation = message.method === 'initialize' ? beginConversation(served.body) : undefined;
    if (conversation !== undefined) exchange.response.setHeader('Mcp-Session-Id', conversation);
    sendText(exchange.response, answer);
    return undefined;
  }

  /** Rules that have another answer, or another form of it, are not looked at here. */
  #read({ body, authorized }: AuthorizedRequest, { incoming, accepted }: HttpExchange): DirectMessage | undefined {
    const { primitive } = authorized;
    const isTask = primitive?.kind === 'tool' && primitive.task !== undefined;
    if (!accepted.json || isTask || findHeaderMismatch(body, authorized, incoming) !== undefined) return undefined;
    return readDirectMessage(body, incoming.headers);
  }

  /** Names what the result of a method depends on, besides the catalogue. */
  #deriveKey({ era, method, params }: DirectMessage, { authorized }: AuthorizedRequest): string | undefined {
    switch (method) {
      case 'initialize':
        return JSON.stringify([method, params.protocolVersion]);
      case 'ping':
      case 'server/discover':
        return method;
      case 'resources/list':
        // Methods of the application say what there is.
        if (this.catalogue.hasListMethods) return undefined;
        break;
      default:
    }
    const { caller } = authorized;
    if (!caller && !this.options.anonymous) return JSON.stringify([method, era, params.cursor, 'anonymous']);
    if (this.options.list === 'all') return JSON.stringify([method, era, params.cursor]);
    // What scopes a resource takes may change at any time.
    const isComputed = this.catalogue.hasComputedScopes;
    return isComputed ? undefined : JSON.stringify([method, era, params.cursor, [...(caller?.scopes ?? [])].sort()]);
  }

  async #call(
    message: DirectMessage,
    served: AuthorizedRequest,
    { response, accepted }: HttpExchange,
  ): Promise<HandedOver | undefined> {
    const { caller } = served.authorized;
    const { conversation } = served;
    const stream = new EventStream(response, () => {
      response.once(
        'close',
        this.streams.add(caller, false, () => response.destroy()),
      );
    });
    const party = message.era === 'legacy' && conversation ? identifyConversation(caller, conversation) : undefined;
    const context = new DirectContext(message, {
      send: (notification) => {
        if (accepted.stream) stream.send(notification);
      },
      level: () => (party === undefined ? undefined : this.conversations.getLevel(party)),
    });
    const onClose = () => {
      context.ending.end(new SdkError(SdkErrorCode.ConnectionClosed, 'Connection closed'));
    };
    response.once('close', onClose);
    const forget =
      party === undefined
        ? undefined
        : this.messages.exchanges.begin(party, message.id, (cancellation) => {
            context.ending.end(readReason(cancellation));
          });
    this.#running.add(context);
    if (accepted.stream) this.#keepAlive.add(stream);
    const identify: IdentifyClient = () => ({
      capabilities: conversation?.capabilities,
      info: conversation?.clientInfo,
    });
    const { method, params } = message;
    const running = this.calls.answer(method as CallMethod, params, context, identify, () => served);
    let text: string | undefined;
    try {
      text = encodeAnswer(message, await running, this.#server);
    } catch {
      // The SDK makes the error of the answer.
    } finally {
      this.#running.delete(context);
      this.#keepAlive.delete(stream);
      response.removeListener('close', onClose);
      forget?.();
    }
    if (context.ending.hasEnded) {
      if (stream.hasBegun) stream.close();
      else if (!response.closed) sendNothing(response, context.ending.reason);
      return undefined;
    }
    if (stream.hasBegun) {
      if (text === undefined) return handOver(served, running, stream);
      stream.end(text);
      return undefined;
    }
    if (served.limit) {
      const answer = describeLimit(served.limit, served.body);
      served.explain?.(answer.status, served.limit.message);
      sendAnswer(response, answer);
      return undefined;
    }
    if (served.challenge) {
      sendAnswer(response, describeChallenge(served.challenge));
      return undefined;
    }
    if (text === undefined) return handOver(served, running, undefined);
    sendText(response, text);
    return undefined;
  }
}

/** The method has run, and does not run again for the SDK. */
function handOver(served: AuthorizedRequest, settled: Promise<unknown>, stream: EventStream | undefined): HandedOver {
  served.settled = settled;
  return { stream };
}

/** The server stops before a call has ended. */
class StoppedError extends Error {
  constructor() {
    super('The server stops');
  }
}

/** Who has cancelled waits for no answer (MCP specification 2025-11-25, Cancellation). */
function sendNothing(response: ServerResponse, reason: unknown): void {
  const isStopped = reason instanceof StoppedError;
  response.writeHead(isStopped ? 503 : 200, isStopped ? {} : { 'Content-Type': 'text/event-stream' }).end();
}

function readReason(cancellation: JSONRPCMessage): unknown {
  const { params } = cancellation as { readonly params?: { readonly reason?: unknown } };
  return params?.reason;
}
