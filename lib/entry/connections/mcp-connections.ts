import { randomUUID } from 'node:crypto';
import { HttpException, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { ProtocolError, ProtocolErrorCode, type Server, type Transport } from '@modelcontextprotocol/server';
import { serveStdio, StdioServerTransport, type StdioServerHandle } from '@modelcontextprotocol/server/stdio';
import { CleanLogger } from '../../log/clean-logger.js';
import { AuthenticationGuard } from '../endpoint/authentication.guard.js';
import { RateLimitGuard } from '../endpoint/rate-limit.guard.js';
import { DeniedAnswers } from '../endpoint/denied-answers.js';
import { AdmissionRequests } from '../../mcp/tasks/admission-requests.js';
import { DownstreamPreparation } from '../../on-behalf-of/downstream/downstream-preparation.js';
import { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import { Admission, type AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import { describeError, toReadable } from '../../errors/reason.js';
import { isToldException } from '../../errors/told-exception.js';
import { toChallengeError } from '../../mcp/protocol/challenge-response.js';
import { ChallengeException } from '../../resource-server/challenges/challenge.exception.js';
import { ChangeNotifications } from '../../mcp/notifications/change-notifications.js';
import { Subscriptions } from '../../mcp/notifications/subscriptions.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { identifyConversation, type Conversation } from '../../mcp/invocation/conversation.js';
import type { MessageContext } from '../../mcp/invocation/message-context.js';
import type { AuthorizedRequest } from '../../mcp/invocation/authorized-request.js';
import { PermittedItems } from '../../resource-server/authorization/permitted-items.js';
import { ProtocolServers } from '../../mcp/protocol/protocol-servers.js';
import type { McpRequest } from '../endpoint/mcp-request.js';
import { RateLimitException } from '../../resource-server/rate-limits/rate-limit-exception.js';
import { isTooDeep, MAX_DEPTH } from '../../json/json-depth.js';
import { createLocalRequest } from './local-request.js';
import type { TokenSource } from './token-source.js';

/** Serves connections without HTTP. Each message is checked as if it came over HTTP. */
@Injectable()
export class McpConnections implements OnModuleDestroy {
  readonly #logger = new CleanLogger('McpConnections');
  readonly #open = new Set<StdioServerHandle>();

  constructor(
    readonly options: ResolvedOptions,
    private readonly servers: ProtocolServers,
    private readonly items: PermittedItems,
    private readonly catalogue: Catalogue,
    private readonly authentication: AuthenticationGuard,
    private readonly limits: RateLimitGuard,
    private readonly requests: AdmissionRequests,
    private readonly admission: Admission,
    private readonly preparation: DownstreamPreparation,
    private readonly answers: DeniedAnswers,
    private readonly notifications: ChangeNotifications,
    private readonly subscriptions: Subscriptions,
  ) {}

  /**
   * Serves a connection until one of its sides closes it.
   *
   * @param transport - of the SDK. Defaults to standard input and output
   * @param token - stands for the user of the connection
   */
  serve(transport: Transport = new StdioServerTransport(), token?: TokenSource): StdioServerHandle {
    const stops: (() => void)[] = [];
    const handle = serveStdio(
      ({ era }) => {
        const connection = this.#createConnection(token, era);
        stops.push(connection.stop);
        return connection.server;
      },
      {
        transport,
        onerror: (error) => {
          this.#logger.debug(error.message);
        },
      },
    );
    this.#open.add(handle);
    // The SDK has its own by now. Either side may close the connection.
    const onClose = transport.onclose?.bind(transport);
    transport.onclose = () => {
      onClose?.();
      this.#open.delete(handle);
      for (const stop of stops) stop();
    };
    return handle;
  }

  /** Called by Nest. */
  async onModuleDestroy(): Promise<void> {
    await Promise.all([...this.#open].map((connection) => connection.close()));
  }

  #createConnection(
    token: TokenSource | undefined,
    era: 'modern' | 'legacy',
  ): { readonly server: Server; readonly stop: () => void } {
    const conversation: Conversation = {
      id: randomUUID(),
      protocolVersion: '',
      capabilities: {},
      clientInfo: { name: '', version: '' },
    };
    const server = this.servers.makeForConnection(async (method, params, context) => {
      const served = await this.#admit(method, params, context, token);
      return { ...served, conversation };
    });
    const stop = this.notifications.bus.subscribe((event) => {
      void this.#tell(server, event, era === 'legacy' ? conversation : undefined, token).catch((error: unknown) => {
        this.#logger.debug(`A change could not be sent to clients: ${describeError(error)}`);
      });
    });
    return { server, stop };
  }

  async #tell(
    server: Server,
    event: Parameters<Subscriptions['isSubscribed']>[1],
    conversation: Conversation | undefined,
    token: TokenSource | undefined,
  ): Promise<void> {
    if (!server.transport) return;
    // The token may have expired since the client began to listen.
    const { authorized } = await this.#check({ method: 'resources/list', params: {} }, token, 'own');
    switch (event.kind) {
      case 'tools_list_changed':
        await server.sendToolListChanged();
        return;
      case 'prompts_list_changed':
        await server.sendPromptListChanged();
        return;
      case 'resources_list_changed':
        await server.sendResourceListChanged();
        return;
      default: {
        // Only the SDK knows the listeners of `subscriptions/listen`. It filters what they subscribed to.
        const { caller } = authorized;
        const wants =
          !conversation || this.subscriptions.isSubscribed(identifyConversation(caller, conversation), event);
        if (wants && (await this.items.mayRead(event.uri, caller)))
          await server.sendResourceUpdated({ uri: event.uri });
      }
    }
  }

  async #admit(
    method: string,
    params: unknown,
    { mcpReq: { id } }: MessageContext,
    token: TokenSource | undefined,
  ): Promise<AuthorizedRequest> {
    return await this.#check({ jsonrpc: '2.0', id, method, params }, token, 'client');
  }

  /**
   * @param origin - who asks: the client, whose messages are counted, or this server
   * @throws ProtocolError if HTTP would answer with a challenge
   * @throws AccessDeniedError if the operation's own answer reports the denial
   * @throws RateLimitException if the caller has asked too often
   */
  async #check(
    body: Record<string, unknown>,
    token: TokenSource | undefined,
    origin: 'client' | 'own',
  ): Promise<AuthorizedRequest> {
    if (isTooDeep(body))
      throw new ProtocolError(
        ProtocolErrorCode.InvalidRequest,
        `The message has more than ${MAX_DEPTH} levels of JSON`,
      );
    const value = typeof token === 'function' ? await token() : token;
    const { request, context } = createLocalRequest(body, value, this.catalogue, this.options);
    const { trace } = request;
    try {
      await this.authentication.canActivate(context);
      if (origin === 'client') await this.limits.canActivate(context);
      const authorized = await this.#authorize(request);
      const { failure, access } = await this.preparation.prepare(authorized, request);
      this.authentication.refuseEnded(request);
      trace.end(200);
      return { body, authorized, trace, scheme: request.scheme, failure, access };
    } catch (thrown) {
      const error = toReadable(thrown);
      trace.end(error instanceof HttpException ? error.getStatus() : error instanceof AccessDeniedError ? 200 : 500);
      throw toProtocolError(error);
    } finally {
      request.heldSession?.release();
    }
  }

  async #authorize(request: McpRequest): Promise<AuthorizedOperation> {
    const asked = await this.requests.make(request.caller, request.operation, request.body);
    try {
      return await this.admission.admit(asked, request.trace);
    } catch (error) {
      if (!(error instanceof AccessDeniedError)) throw error;
      throw (await this.answers.answer(error, asked, request)) ?? error;
    }
  }
}

/** Turns an HTTP challenge into an error. Only the user who started the process can act on it. */
function toProtocolError(error: unknown): unknown {
  if (error instanceof ChallengeException) return toChallengeError(error);
  if (error instanceof RateLimitException) return error;
  if (isToldException(error)) return new ProtocolError(ProtocolErrorCode.InvalidRequest, error.message);
  return error;
}
