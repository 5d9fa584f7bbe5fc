import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  SUBSCRIPTION_ID_META_KEY,
  type JSONRPCMessage,
  type McpHandlerRequestOptions,
  type McpHttpHandler,
  type McpRequestContext,
  type Server,
} from '@modelcontextprotocol/server';
import { CleanLogger } from '../../log/clean-logger.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import { AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import { isAnswer } from '../../resource-server/access/operation.js';
import type { ChallengeException } from '../../resource-server/challenges/challenge.exception.js';
import { ChangeNotifications } from '../notifications/change-notifications.js';
import { listenToAllowed } from '../notifications/allowed-events.js';
import { Subscriptions } from '../notifications/subscriptions.js';
import { beginConversation, readConversation, identifyConversation } from '../invocation/conversation.js';
import { endAt } from './expiring-stream.js';
import { refuseHeaderMismatch } from './header-mismatch.js';
import { holdUntilBegun } from './held-stream.js';
import { InFlight } from './in-flight.js';
import { Listings } from './listings.js';
import { OpenExchanges } from './open-exchanges.js';
import { ProtocolServers } from './protocol-servers.js';
import type { AuthorizedRequest, DeniedRequest } from '../invocation/authorized-request.js';

/** The status that nginx logs when a client closes its request. No client receives it. */
const CLIENT_CLOSED_REQUEST = 499;

const SESSION_ID = 'mcp-session-id';

/** The caller of the current request. One for all servers: Node never lets go of a storage that was used. */
const listening = new AsyncLocalStorage<Caller | undefined>();

type NodeRequest = Parameters<ReturnType<typeof toNodeHandler>>[0];

/** Serves MCP with the SDK, for both eras of the protocol. The primitives are prepared at boot. */
@Injectable()
export class McpServing implements OnModuleDestroy {
  readonly #logger = new CleanLogger(McpServing.name);
  readonly #exchanges = new OpenExchanges();
  readonly #handler: McpHttpHandler;
  readonly #nodeHandler: ReturnType<typeof toNodeHandler>;

  constructor(
    private readonly servers: ProtocolServers,
    private readonly notifications: ChangeNotifications,
    private readonly listings: Listings,
    private readonly subscriptions: Subscriptions,
    private readonly inFlight: InFlight,
  ) {
    this.#handler = createMcpHandler((context) => this.#createServer(context), {
      bus: {
        publish: (event) => {
          notifications.bus.publish(event);
        },
        // The SDK subscribes while it answers the request that opens the stream.
        subscribe: (listener) => {
          const caller = listening.getStore();
          return listenToAllowed(notifications.bus, (uri) => this.listings.mayRead(uri, caller), listener);
        },
      },
      onerror: (error) => {
        this.#logger.debug(error.message);
      },
    });
    notifications.onHanded((kind, party, message) => {
      if (kind === 'answer') this.#exchanges.answer(party, message as JSONRPCMessage & { readonly id: string });
      else if (kind === 'cancelled') this.#exchanges.cancel(party, message);
    });
    // The SDK gets the parsed body that was authorized. It must not read or serialize another one.
    this.#nodeHandler = toNodeHandler({
      fetch: async (request, options) => {
        const served = options?.authInfo?.extra?.request as AuthorizedRequest | DeniedRequest;
        // The client may have disconnected while the server obtained downstream tokens.
        if (request.signal.aborted) return new Response(null, { status: CLIENT_CLOSED_REQUEST });
        return await this.#answer(request, served, options);
      },
    });
  }

  /** Answers one HTTP request. */
  async serve(
    incoming: IncomingMessage,
    response: ServerResponse,
    request: AuthorizedRequest | DeniedRequest,
  ): Promise<void> {
    this.inFlight.enter(response);
    const { caller } = 'denied' in request ? request.denied : request.authorized;
    request.conversation = readConversation(incoming.headers[SESSION_ID]);
    // The token is not passed on. Handlers act through DownstreamClient.
    const auth = {
      token: '',
      clientId: caller?.clientId ?? '',
      scopes: [...(caller?.scopes ?? [])],
      extra: { request },
    };
    await this.#nodeHandler(Object.assign(incoming as NodeRequest, { auth }), response, null);
  }

  /** Whether a GET opens the notification stream of a client before 2026-07-28. */
  isListening(incoming: IncomingMessage): boolean {
    return readConversation(incoming.headers[SESSION_ID]) !== undefined && isAccepted(incoming, 'text/event-stream');
  }

  /**
   * Opens the notification stream for such a client, until its token expires (MCP specification 2025-11-25,
   * Streamable HTTP, Listening for Messages from the Server).
   */
  async listen(incoming: IncomingMessage, response: ServerResponse, caller: Caller | undefined): Promise<void> {
    const conversation = readConversation(incoming.headers[SESSION_ID]);
    if (!conversation) return;
    this.inFlight.admit();
    const mayRead = (uri: string) => this.listings.mayRead(uri, caller);
    const stream = this.subscriptions.openStream(identifyConversation(caller, conversation), mayRead);
    const { status, headers, body } = this.inFlight.endWhenStopped(caller ? endAt(stream, caller.expiresAtMs) : stream);
    response.writeHead(status, Object.fromEntries(headers)).flushHeaders();
    await pipeline(Readable.fromWeb(body as NodeReadableStream), response).catch(() => undefined);
  }

  async onModuleDestroy(): Promise<void> {
    await this.inFlight.drain();
    await this.#handler.close();
  }

  async #answer(
    request: Request,
    served: AuthorizedRequest | DeniedRequest,
    options: McpHandlerRequestOptions | undefined,
  ): Promise<Response> {
    if ('denied' in served) {
      const answer = () => this.#handler.fetch(request, { ...options, parsedBody: served.body });
      return await listening.run(undefined, answer);
    }
    const { caller, operation, primitive } = served.authorized;
    if (this.#isForAnother(served)) return new Response(null, { status: 202 });
    const mismatch = refuseHeaderMismatch(served.body, primitive, request.headers);
    if (mismatch) return mismatch;
    const body = await this.listings.narrow(served.body, served.authorized);
    const fetch = () => this.#handler.fetch(request, { ...options, parsedBody: body ?? null });
    const answer = await listening.run(caller, fetch);
    // Clients before 2026-07-28 are answered with a stream that starts before the call has ended.
    const isHeld = primitive && primitive.downstreams.length > 0 && isStream(answer);
    const response = isHeld ? await holdUntilBegun(answer) : answer;
    if (served.challenge) return createChallengeResponse(served.challenge, response);
    if (operation?.method === 'initialize' && response.ok) {
      const conversation = beginConversation(served.body);
      if (conversation !== undefined) response.headers.set(SESSION_ID, conversation);
    }
    // A subscription must not outlive the token.
    if (operation?.method !== 'subscriptions/listen') return response;
    const stream = caller ? endAt(response, caller.expiresAtMs) : response;
    return this.inFlight.endWhenStopped(stream, buildFarewell(served.body));
  }

  /** Hands a client's answer or cancellation to the request that it refers to. */
  #isForAnother({ body, conversation, authorized: { caller, operation } }: AuthorizedRequest): boolean {
    if (!conversation) return false;
    const party = identifyConversation(caller, conversation);
    const message = body as JSONRPCMessage & { readonly id: string };
    if (isAnswer(body)) this.notifications.hand('answer', party, message, this.#exchanges.answer(party, message));
    else if (operation?.method === 'notifications/cancelled')
      this.notifications.hand('cancelled', party, message, this.#exchanges.cancel(party, message));
    else return false;
    return true;
  }

  /** Creates the server of one request. Everything it holds was made at boot, so it costs next to nothing. */
  #createServer({ authInfo, era }: McpRequestContext): Server {
    const served = (authInfo?.extra?.request ?? {}) as AuthorizedRequest | DeniedRequest;
    const isDecided =
      'denied' in served
        ? served.denied instanceof AccessDeniedError
        : (served as Partial<AuthorizedRequest>).authorized instanceof AuthorizedOperation;
    if (!isDecided) throw new Error('A request reached the MCP server without authorization');
    return this.servers.make(served, era, this.#exchanges);
  }
}

/** The message that ends a subscription without an error (MCP specification 2026-07-28, Subscriptions). */
function buildFarewell(body: unknown): string {
  const { id } = body as { id: string | number };
  const result = { resultType: 'complete', _meta: { [SUBSCRIPTION_ID_META_KEY]: id } };
  return `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`;
}

function isAccepted({ headers }: IncomingMessage, type: string): boolean {
  return (headers.accept ?? '').split(',').some((one) => one.trim().startsWith(type));
}

function isStream({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') ?? false;
}

/** Replaces an answer before any of it is sent. */
function createChallengeResponse(exception: ChallengeException, replaced: Response): Response {
  void replaced.body?.cancel().catch(() => undefined);
  return Response.json(exception.getResponse(), {
    status: exception.getStatus(),
    headers: { 'WWW-Authenticate': exception.challenge },
  });
}
