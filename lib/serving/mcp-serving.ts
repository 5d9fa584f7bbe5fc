import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { AuthorizedOperations, holdsAll } from '../authorization/authorized-operations.js';
import { ToolCatalogue } from '../catalogue/tool-catalogue.js';
import { ResolvedOptions } from '../options/mcp-auth-options.js';
import { ToolRunner } from './tool-runner.js';

type NodeRequest = Parameters<ReturnType<typeof toNodeHandler>>[0];

/** Milliseconds for which a client may keep `tools/list` and `server/discover`: tools change with a deployment. */
const LISTING_TTL = 5 * 60_000;

/** Serves MCP: the SDK speaks the protocol, in both of its eras, over tools that were prepared at boot. */
@Injectable()
export class McpServing implements OnModuleDestroy {
  readonly #logger = new Logger(McpServing.name);
  readonly #handler = createMcpHandler(({ authInfo }) => this.#serverFor(authInfo?.extra?.authorized), {
    onerror: (error) => {
      this.#logger.debug(error.message);
    },
  });
  // The SDK gets the very body that was authorized, parsed once. It must not read, nor write out, another.
  readonly #nodeHandler = toNodeHandler({
    fetch: (request, options) =>
      this.#handler.fetch(request, { ...options, parsedBody: options?.authInfo?.extra?.body ?? null }),
  });

  constructor(
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
    @Inject(ToolCatalogue) private readonly catalogue: ToolCatalogue,
    @Inject(ToolRunner) private readonly runner: ToolRunner,
  ) {}

  /**
   * Answers one HTTP request.
   *
   * @param body - as parsed
   * @param authorized - leave to run what is in the body
   */
  async serve(
    request: IncomingMessage,
    response: ServerResponse,
    body: unknown,
    authorized: AuthorizedOperations,
  ): Promise<void> {
    const { caller } = authorized;
    // The token stays here: handlers act through DownstreamClient.
    const auth = {
      token: '',
      clientId: caller?.clientId ?? '',
      scopes: [...(caller?.scopes ?? [])],
      extra: { authorized, body },
    };
    await this.#nodeHandler(Object.assign(request as NodeRequest, { auth }), response, null);
  }

  async onModuleDestroy(): Promise<void> {
    await this.#handler.close();
  }

  /** One per request. All it holds was made at boot, so that it costs next to nothing. */
  #serverFor(authorized: unknown): Server {
    if (!(authorized instanceof AuthorizedOperations))
      throw new Error('A request reached the MCP server without authorization');
    const { name, version, title, instructions } = this.options.server;
    const permitted = this.options.list === 'permitted';
    const server = new Server(
      { name, version, ...(title !== undefined && { title }) },
      {
        capabilities: { tools: {} },
        ...(instructions !== undefined && { instructions }),
        cacheHints: {
          'tools/list': { ttlMs: LISTING_TTL, cacheScope: permitted ? 'private' : 'public' },
          'server/discover': { ttlMs: LISTING_TTL, cacheScope: 'public' },
        },
      },
    );
    server.setRequestHandler('tools/list', () => ({ tools: this.#listing(authorized) }));
    server.setRequestHandler('tools/call', ({ params }, context: ServerContext) => {
      const tool = this.catalogue.find(params.name);
      if (!tool) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
      if (!authorized.permitsTool(tool.name)) throw new Error(`${tool.name} was called without authorization`);
      return this.runner.run(tool, params.arguments ?? {}, {
        caller: authorized.caller,
        signal: context.mcpReq.signal,
      });
    });
    return server;
  }

  #listing(authorized: AuthorizedOperations) {
    const tools = [...this.catalogue.tools];
    const shown =
      this.options.list === 'all' ? tools : tools.filter(({ scopes }) => holdsAll(authorized.caller, scopes));
    return shown.map(({ listing }) => listing);
  }
}
