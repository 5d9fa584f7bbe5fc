import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { type AuthInfo, type McpHandlerRequestOptions } from '@modelcontextprotocol/server';
import { toReadable } from '../../errors/reason.js';
import { isToldException } from '../../errors/told-exception.js';
import { CleanLogger } from '../../log/clean-logger.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { LimitError } from '../../errors/limit-error.js';
import { beginConversation, readConversation } from '../invocation/conversation.js';
import { race } from '../../time/ending.js';
import { createLimitResponse, sendLimit } from '../invocation/limit-answer.js';
import { canBeAnswered, opensStream, readAcceptedTypes, refuseAccept, toAcceptedForm } from './accepted-types.js';
import { CallShares } from './call-shares.js';
import { createWebRequest } from './web-request.js';
import { refuseHeaderMismatch } from './header-mismatch.js';
import { canBecomeChallenge, holdUntilBegun } from './held-stream.js';
import { InFlight, keepNoConnection } from './in-flight.js';
import { DirectServing, type HandedOver } from './direct-serving.js';
import { isStream, type EventStream } from '../direct/event-stream.js';
import { Shutdown } from './shutdown.js';
import { Listings } from './listings.js';
import { OpenStreams } from './open-streams.js';
import { createErrorBody, readErrorMessage } from './error-body.js';
import { toInterruptionError } from './interruption-error.js';
import { createChallengeResponse } from './challenge-response.js';
import { ClientMessages } from './client-messages.js';
import { SubscriptionStreams } from './subscription-streams.js';
import { SdkHandler } from './sdk-handler.js';
import { toSdkRequest } from './sdk-request.js';
import type { AuthorizedRequest, DeniedRequest } from '../invocation/authorized-request.js';

const SESSION_ID = 'mcp-session-id';

const NOTHING_ANSWERED: HandedOver = { stream: undefined };

/** What travels through the SDK along with a request. */
type ServedRequest = Readonly<{ request: AuthorizedRequest | DeniedRequest; incoming: IncomingMessage }>;

/** Serves MCP with the SDK, for both eras of the protocol. The primitives are prepared at boot. */
@Injectable()
export class McpServing implements OnModuleDestroy {
  readonly #logger = new CleanLogger(McpServing.name);
  readonly #nodeHandler: ReturnType<typeof toNodeHandler>;

  constructor(
    private readonly sdk: SdkHandler,
    private readonly listings: Listings,
    private readonly subscriptions: SubscriptionStreams,
    private readonly inFlight: InFlight,
    private readonly shutdown: Shutdown,
    private readonly streams: OpenStreams,
    private readonly shares: CallShares,
    private readonly messages: ClientMessages,
    private readonly direct: DirectServing,
  ) {
    // The SDK gets the parsed body that was authorized. It must not read or serialize another one.
    this.#nodeHandler = toNodeHandler({
      fetch: (request, options) => this.#respond(request, options),
    });
  }

  /** Answers one HTTP request. */
  async serve(
    incoming: IncomingMessage,
    response: ServerResponse,
    request: AuthorizedRequest | DeniedRequest,
  ): Promise<void> {
    // The client may have disconnected while the server obtained downstream tokens. Its response closes only once.
    if (response.closed) return;
    const { caller } = 'denied' in request ? request.denied : request.authorized;
    if ('authorized' in request && !this.#takeShare(request, response)) return;
    if (opensStream(request)) keepNoConnection(response);
    const conversation = readConversation(incoming.headers[SESSION_ID]);
    const accepted = readAcceptedTypes(incoming);
    // Who reads no stream hears no question.
    request.conversation = conversation && !accepted.stream ? { ...conversation, capabilities: {} } : conversation;
    const left =
      'denied' in request ? NOTHING_ANSWERED : await this.direct.answer(request, { incoming, response, accepted });
    if (!left) return;
    // The token is not passed on. Handlers act through DownstreamClient.
    const auth = {
      token: '',
      clientId: caller?.clientId ?? '',
      scopes: [...(caller?.scopes ?? [])],
      extra: { request, incoming },
    };
    if (left.stream) await this.#goOn(left.stream, incoming, response, auth);
    else await this.#nodeHandler(toSdkRequest(incoming, auth), response, null);
  }

  /** Lets the SDK end a stream that has begun. */
  async #goOn(
    stream: EventStream,
    incoming: IncomingMessage,
    response: ServerResponse,
    authInfo: AuthInfo,
  ): Promise<void> {
    await stream.append(await this.#respond(createWebRequest(incoming, response), { authInfo }));
  }

  async #respond(request: Request, options: McpHandlerRequestOptions | undefined): Promise<Response> {
    const { request: served, incoming } = (options?.authInfo?.extra ?? {}) as unknown as ServedRequest;
    const { body } = served;
    const accepted = readAcceptedTypes(incoming);
    if (!canBeAnswered(served, accepted)) return refuseAccept(body);
    // For clients before 2026-07-28 the SDK demands both types.
    request.headers.set('accept', 'application/json, text/event-stream');
    const answer = await this.#answer(request, served, incoming, options).catch((thrown: unknown) =>
      this.#answerFailure(toReadable(thrown), served),
    );
    if (answer.status >= 400) served.explain?.(answer.status, await readErrorMessage(answer));
    const kept = 'keepAnswer' in served && served.keepAnswer && answer.ok ? await served.keepAnswer(answer) : answer;
    return await toAcceptedForm(kept, accepted, body);
  }

  /** Whether a GET opens the notification stream of a client before 2026-07-28. */
  isListening(incoming: IncomingMessage): boolean {
    return this.isConversing(incoming) && readAcceptedTypes(incoming).stream;
  }

  /** Whether a request is of a conversation, whose client may ask for the notification stream. */
  isConversing(incoming: IncomingMessage): boolean {
    return readConversation(incoming.headers[SESSION_ID]) !== undefined;
  }

  /** Opens that stream. */
  listen(incoming: IncomingMessage, response: ServerResponse, caller: Caller | undefined): void {
    const conversation = readConversation(incoming.headers[SESSION_ID]);
    // The client may have disconnected. Its response closes only once.
    if (!conversation || response.closed) return;
    keepNoConnection(response);
    this.subscriptions.listen(conversation, caller, response);
  }

  async onModuleDestroy(): Promise<void> {
    await this.shutdown.run();
    this.direct.close();
    await this.sdk.close();
  }

  async #answer(
    request: Request,
    served: AuthorizedRequest | DeniedRequest,
    incoming: IncomingMessage,
    options: McpHandlerRequestOptions | undefined,
  ): Promise<Response> {
    if ('denied' in served) {
      return await this.sdk.fetch(request, { ...options, parsedBody: served.body }, undefined);
    }
    const { caller, operation, primitive } = served.authorized;
    const { interruption } = served;
    const delivered = await race(this.messages.deliver(served), interruption);
    if (delivered) return delivered;
    const mismatch = refuseHeaderMismatch(served.body, served.authorized, incoming);
    if (mismatch) return mismatch;
    const body = await race(this.listings.narrow(served.body, served.authorized), interruption);
    const answer = await this.sdk.fetch(request, { ...options, parsedBody: body ?? null }, caller);
    // Clients before 2026-07-28 are answered with a stream that starts before the call has ended.
    const isHeld = isStream(answer) && canBecomeChallenge(primitive);
    const response = isHeld ? await holdUntilBegun(answer) : answer;
    if (served.limit) return replaceBy(createLimitResponse(served.limit, served.body), response);
    if (served.challenge) return replaceBy(createChallengeResponse(served.challenge), response);
    if (operation?.method === 'initialize' && response.ok) {
      const conversation = beginConversation(served.body);
      if (conversation !== undefined) response.headers.set(SESSION_ID, conversation);
    }
    if (operation?.method === 'subscriptions/listen') return this.#holdStream(response, caller, body);
    return isStream(response) ? this.streams.holdAnswer(response, caller) : response;
  }

  #answerFailure(error: unknown, { body, trace, interruption }: AuthorizedRequest | DeniedRequest): Response {
    const { correlationId } = trace;
    if (error !== interruption?.reason) this.#logger.error(`A request failed [${correlationId}]`, error);
    trace.fail('internal_error');
    const { code, message } = toInterruptionError(error, correlationId);
    const status = isToldException(error) ? error.getStatus() : 500;
    return Response.json(createErrorBody(body, code, message), { status });
  }

  /** Counts a call until its answer and its method are over. Answers if that would be too many. */
  #takeShare(request: AuthorizedRequest, response: ServerResponse): boolean {
    try {
      const lease = this.shares.take(request);
      if (!lease) return true;
      request.lease = lease;
      response.on('close', () => {
        lease.release();
      });
      return true;
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
      request.trace.fail(error.code);
      sendLimit(response, error, request.body);
      return false;
    }
  }

  #holdStream(response: Response, caller: Caller | undefined, listen: unknown): Response {
    try {
      return this.inFlight.holdStream(response, caller, listen);
    } catch (error) {
      if (!(error instanceof LimitError)) throw error;
      void response.body?.cancel().catch(() => undefined);
      return createLimitResponse(error, listen);
    }
  }
}

/** Replaces an answer before any of it is sent. */
function replaceBy(answer: Response, replaced: Response): Response {
  void replaced.body?.cancel().catch(() => undefined);
  return answer;
}
