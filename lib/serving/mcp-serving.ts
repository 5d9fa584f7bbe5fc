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
import type { TokenScheme } from '../authentication/credentials.js';
import { holds } from '../authorization/access-rule.js';
import { AuthorizedOperation } from '../authorization/authorized-operation.js';
import { ScopeHierarchy } from '../authorization/scope-hierarchy.js';
import { ToolCatalogue } from '../catalogue/tool-catalogue.js';
import type { DownstreamError } from '../downstream/downstream-error.js';
import type { DownstreamAccess } from '../downstream/tool-call.js';
import { reasonOf } from '../issuers/issuer-fetch.js';
import type { ChallengeException } from '../metadata/challenge.exception.js';
import { Challenges } from '../metadata/challenges.js';
import type { RequestTrace } from '../observability/request-trace.js';
import { ResolvedOptions } from '../options/resolved-options.js';
import { pageAnswer } from './elicited-page.js';
import { endingAt } from './expiring-stream.js';
import { begun } from './held-stream.js';
import { PageClients } from './page-clients.js';
import { ToolRunner } from './tool-runner.js';

/** What nginx logs for such requests; nobody gets to see it. */
const CLIENT_CLOSED_REQUEST = 499;

type NodeRequest = Parameters<ReturnType<typeof toNodeHandler>>[0];

/** Milliseconds for which a client may keep `tools/list` and `server/discover`: tools change with a deployment. */
const LISTING_TTL = 5 * 60_000;

/** A request that may be served. */
export interface AuthorizedRequest {
  /** As parsed. */
  readonly body: unknown;
  /** Leave to do what is in the body. */
  readonly authorized: AuthorizedOperation;
  readonly trace: RequestTrace;
  /** How the token came. */
  readonly scheme: TokenScheme | undefined;
  /** Why a downstream of the tool cannot be called. */
  readonly failure: DownstreamError | undefined;
  /** What the tool may reach; `undefined` where that is nothing. */
  readonly access: DownstreamAccess | undefined;
  /** What the caller turned out to lack while the tool ran; the answer, if it has not begun. */
  challenge?: ChallengeException | undefined;
}

/** Serves MCP: the SDK speaks the protocol, in both of its eras, over tools that were prepared at boot. */
@Injectable()
export class McpServing implements OnModuleDestroy {
  readonly #logger = new Logger(McpServing.name);
  readonly #pages = new PageClients();
  readonly #handler = createMcpHandler(({ authInfo }) => this.#serverFor(authInfo?.extra?.request), {
    onerror: (error) => {
      this.#logger.debug(error.message);
    },
  });
  // The SDK gets the very body that was authorized, parsed once. It must not read, nor write out, another.
  readonly #nodeHandler = toNodeHandler({
    fetch: async (request, options) => {
      const served = options?.authInfo?.extra?.request as AuthorizedRequest;
      const { caller, operation, tool } = served.authorized;
      // Whoever went away while tokens were got wants nothing done any more.
      if (request.signal.aborted) return new Response(null, { status: CLIENT_CLOSED_REQUEST });
      const answer = await this.#handler.fetch(request, { ...options, parsedBody: served.body ?? null });
      // Clients of the revisions before 2026-07-28 are answered by streams, which are there before the tool has ended.
      const isHeld = tool && tool.downstreams.length > 0 && isStream(answer);
      const response = isHeld ? await begun(answer) : answer;
      if (served.challenge) return challengeResponse(served.challenge, response);
      // Nobody may go on listening with a token that has expired.
      return caller && operation?.method === 'subscriptions/listen' ? endingAt(response, caller.expiresAt) : response;
    },
  });
  readonly #hierarchy: ScopeHierarchy;

  constructor(
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
    @Inject(ToolCatalogue) private readonly catalogue: ToolCatalogue,
    @Inject(ToolRunner) private readonly runner: ToolRunner,
    @Inject(Challenges) private readonly challenges: Challenges,
  ) {
    this.#hierarchy = new ScopeHierarchy(options.scopeHierarchy);
  }

  /** Answers one HTTP request. */
  async serve(incoming: IncomingMessage, response: ServerResponse, request: AuthorizedRequest): Promise<void> {
    const { caller, operation } = request.authorized;
    if (operation?.method === 'initialize') this.#pages.hear(caller, request.body);
    // The token stays here: handlers act through DownstreamClient.
    const auth = {
      token: '',
      clientId: caller?.clientId ?? '',
      scopes: [...(caller?.scopes ?? [])],
      extra: { request },
    };
    await this.#nodeHandler(Object.assign(incoming as NodeRequest, { auth }), response, null);
  }

  async onModuleDestroy(): Promise<void> {
    await this.#handler.close();
  }

  /** One per request. All it holds was made at boot, so that it costs next to nothing. */
  #serverFor(request: unknown): Server {
    const served = (request ?? {}) as Partial<AuthorizedRequest>;
    const { authorized, trace } = served;
    if (!(authorized instanceof AuthorizedOperation) || !trace)
      throw new Error('A request reached the MCP server without authorization');
    const { name, version, title, instructions } = this.options.server;
    const differs = this.options.list === 'permitted' || this.catalogue.hasAnonymous;
    const server = new Server(
      { name, version, ...(title !== undefined && { title }) },
      {
        capabilities: { tools: {} },
        ...(instructions !== undefined && { instructions }),
        cacheHints: {
          'tools/list': { ttlMs: LISTING_TTL, cacheScope: differs ? 'private' : 'public' },
          'server/discover': { ttlMs: LISTING_TTL, cacheScope: 'public' },
        },
      },
    );
    server.setRequestHandler('tools/list', () => {
      try {
        return { tools: this.#listing(authorized) };
      } catch (error) {
        // The SDK would tell the client the message of a function of the application.
        this.#logger.error(`tools/list failed [${trace.correlationId}] ${reasonOf(error)}`);
        throw new ProtocolError(ProtocolErrorCode.InternalError, 'Internal error');
      }
    });
    server.setRequestHandler('tools/call', ({ params }, context: ServerContext) => {
      // A tool that the caller may not see is not there.
      if (authorized.tool?.name !== params.name) {
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
      }
      const { caller, scopes } = authorized;
      const { signal, inputResponses, requestState } = context.mcpReq;
      return this.runner.run(authorized, authorized.tool, {
        trace,
        signal,
        failure: served.failure,
        access: served.access,
        pages: this.#pages.eraOf(caller, context),
        answer: pageAnswer(inputResponses, requestState()),
        challenge: (remedy) => {
          const challenge = caller && this.challenges.demanded(caller, served.scheme, [remedy], scopes);
          // Nobody is there to sign in for a client that acts for itself.
          if (!caller?.appOnly) served.challenge = challenge;
          return challenge?.challenge;
        },
      });
    });
    return server;
  }

  #listing({ caller }: AuthorizedOperation) {
    const isStranger = !caller && !this.options.anonymous;
    return [...this.catalogue.tools]
      .filter(({ access }) => {
        if (isStranger) return access.anonymous;
        return this.options.list === 'all' || holds(caller, access, this.#hierarchy);
      })
      .map(({ listing }) => listing);
  }
}

function isStream({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') ?? false;
}

/** Takes the place of an answer of which nothing has been sent. */
function challengeResponse(exception: ChallengeException, replaced: Response): Response {
  void replaced.body?.cancel().catch(() => undefined);
  return Response.json(exception.getResponse(), {
    status: exception.getStatus(),
    headers: { 'WWW-Authenticate': exception.challenge },
  });
}
