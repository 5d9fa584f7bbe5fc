import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import {
  createMcpHandler,
  type McpHandlerRequestOptions,
  type McpHttpHandler,
  type McpRequestContext,
  type Server,
} from '@modelcontextprotocol/server';
import { CleanLogger } from '../../log/clean-logger.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import { AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import { PermittedItems } from '../../resource-server/authorization/permitted-items.js';
import type { AuthorizedRequest, DeniedRequest } from '../invocation/authorized-request.js';
import { listenToAllowed } from '../notifications/allowed-events.js';
import { ChangeNotifications } from '../notifications/change-notifications.js';
import { ClientMessages } from './client-messages.js';
import { ProtocolServers } from './protocol-servers.js';

/** The caller of the current request. One for all servers: Node never lets go of a storage that was used. */
const listening = new AsyncLocalStorage<Caller | undefined>();

/** The SDK's handler of web requests. It makes a server for each request. */
@Injectable()
export class SdkHandler {
  readonly #logger = new CleanLogger('McpServing');
  readonly #handler: McpHttpHandler;

  constructor(
    private readonly servers: ProtocolServers,
    private readonly messages: ClientMessages,
    notifications: ChangeNotifications,
    items: PermittedItems,
  ) {
    this.#handler = createMcpHandler((context) => this.#createServer(context), {
      // Streams are counted for each caller.
      maxSubscriptions: Number.POSITIVE_INFINITY,
      bus: {
        publish: (event) => {
          notifications.bus.publish(event);
        },
        // The SDK subscribes while it answers the request that opens the stream.
        subscribe: (listener) => {
          const caller = listening.getStore();
          return listenToAllowed(notifications.bus, (uri) => items.mayRead(uri, caller), listener);
        },
      },
      onerror: (error) => {
        this.#logger.debug(error.message);
      },
    });
  }

  /** @param caller - whose events a stream of events is for */
  async fetch(request: Request, options: McpHandlerRequestOptions, caller: Caller | undefined): Promise<Response> {
    return await listening.run(caller, () => this.#handler.fetch(request, options));
  }

  async close(): Promise<void> {
    await this.#handler.close();
  }

  /** Creates the server of one request. Everything it holds was made at boot, so it costs next to nothing. */
  #createServer({ authInfo, era }: McpRequestContext): Server {
    const served = (authInfo?.extra?.request ?? {}) as AuthorizedRequest | DeniedRequest;
    const isDecided =
      'denied' in served
        ? served.denied instanceof AccessDeniedError
        : (served as Partial<AuthorizedRequest>).authorized instanceof AuthorizedOperation;
    if (!isDecided) throw new Error('A request reached the MCP server without authorization');
    return this.servers.make(served, era, this.messages.exchanges);
  }
}
