import { Injectable } from '@nestjs/common';
import {
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
  type ListToolsResult,
  type LoggingLevel,
  type ServerContext,
  type ServerOptions,
} from '@modelcontextprotocol/server';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import type { Primitive } from '../../resource-server/catalogue/primitive.js';
import { Challenges } from '../../resource-server/challenges/challenges.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { ExpiringCache } from '../../time/expiring-cache.js';
import { Subscriptions } from '../notifications/subscriptions.js';
import { TaskingServer } from '../tasks/tasking-server.js';
import { TaskMethods } from '../tasks/task-methods.js';
import { ConversingServer } from './conversing-server.js';
import { partyOf } from '../invocation/conversation.js';
import type { Admission, AuthorizedRequest } from '../invocation/authorized-request.js';
import { Listings } from './listings.js';
import type { OpenExchanges } from './open-exchanges.js';
import { pageOf } from './page-of-list.js';
import { PrimitiveRunner, type Outcome } from '../invocation/primitive-runner.js';

/** Conversations whose level of logging is remembered, and for how many milliseconds. */
const MAX_LEVELS = 10_000;
const LEVEL_AGE = 24 * 60 * 60_000;

/** Methods that may ask the client something. */
const ASKING = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** Makes the SDK's servers, whose handlers do what was authorized, and nothing else. */
@Injectable()
export class ProtocolServers {
  readonly #levels = new ExpiringCache<LoggingLevel>(MAX_LEVELS);

  constructor(
    private readonly options: ResolvedOptions,
    private readonly catalogue: Catalogue,
    private readonly runner: PrimitiveRunner,
    private readonly listings: Listings,
    private readonly challenges: Challenges,
    private readonly tasks: TaskMethods,
    private readonly subscriptions: Subscriptions,
  ) {}

  /** A server for one request over HTTP. */
  make(served: AuthorizedRequest, era: 'modern' | 'legacy', exchanges: OpenExchanges): Server {
    const { conversation, authorized, body } = served;
    const { caller, operation, primitive } = authorized;
    const method = operation?.method ?? '';
    let server: Server;
    if (era === 'legacy' && conversation && ASKING.has(method)) {
      const party = partyOf(caller, conversation);
      const requestId = (body as { id?: unknown }).id;
      const part = { conversation, party, level: this.#levels.get(party), requestId };
      server = new ConversingServer(this.#info, this.#serverOptions(), part, exchanges);
    } else {
      const Type = primitive?.kind === 'tool' && primitive.task ? TaskingServer : Server;
      server = new Type(this.#info, this.#serverOptions());
    }
    this.#handle(server, method, () => served);
    return server;
  }

  /** A server for a connection, whose messages are let in one by one. */
  forConnection(admit: Admission): Server {
    // What is registered later has to be within what was said in the beginning.
    const server = new TaskingServer(this.#info, this.#serverOptions(true));
    for (const method of METHODS) this.#handle(server, method, admit);
    return server;
  }

  get #info() {
    const { name, version, title, icons, websiteUrl } = this.options.server;
    return {
      name,
      version,
      ...(title !== undefined && { title }),
      ...(icons && { icons: [...icons] }),
      ...(websiteUrl !== undefined && { websiteUrl }),
    };
  }

  /** @param offersAll - even what there is nothing of yet */
  #serverOptions(offersAll = false): ServerOptions {
    const { instructions } = this.options.server;
    const { catalogue, options } = this;
    const hasResources = offersAll || catalogue.resources.length > 0 || catalogue.templates.length > 0;
    const completes =
      offersAll ||
      [...catalogue.templates, ...catalogue.prompts].some(
        (one) => one.completions.size > 0 || ('choices' in one && one.choices.size > 0),
      );
    const differs = options.list === 'permitted' || catalogue.hasAnonymous;
    const ttlMs = options.listTtl;
    const list = { ttlMs, cacheScope: differs ? 'private' : 'public' } as const;
    const listsResources = catalogue.templates.some((one) => one.list);
    return {
      capabilities: {
        tools: { listChanged: true },
        logging: {},
        ...(hasResources && { resources: { listChanged: true, subscribe: true } }),
        ...((offersAll || catalogue.prompts.length > 0) && { prompts: { listChanged: true } }),
        ...(completes && { completions: {} }),
        ...(this.tasks.areOffered && { extensions: { 'io.modelcontextprotocol/tasks': {} } }),
      },
      ...(instructions !== undefined && { instructions }),
      cacheHints: {
        'tools/list': list,
        'prompts/list': list,
        'resources/list': listsResources ? { ttlMs: 0, cacheScope: 'private' } : list,
        'resources/templates/list': list,
        'server/discover': { ttlMs, cacheScope: 'public' },
      },
    };
  }

  #handle(server: Server, method: string, admit: Admission): void {
    // The SDK takes no handlers for what a server says that it does not have.
    if (!offers(server, method)) return;
    switch (method) {
      case 'tools/list':
        server.setRequestHandler(method, async ({ params }, context) => {
          const { authorized } = await admit(method, params, context);
          const { items, nextCursor } = this.listings.page(this.catalogue.tools, authorized, params?.cursor);
          return { tools: items.map(({ listing }) => listing), ...cursorOf(nextCursor) } satisfies ListToolsResult;
        });
        break;
      case 'prompts/list':
        server.setRequestHandler(method, async ({ params }, context) => {
          const { authorized } = await admit(method, params, context);
          const { items, nextCursor } = this.listings.page(this.catalogue.prompts, authorized, params?.cursor);
          return { prompts: items.map(({ listing }) => listing), ...cursorOf(nextCursor) };
        });
        break;
      case 'resources/templates/list':
        server.setRequestHandler(method, async ({ params }, context) => {
          const { authorized } = await admit(method, params, context);
          const { items, nextCursor } = this.listings.page(this.catalogue.templates, authorized, params?.cursor);
          return { resourceTemplates: items.map(({ listing }) => listing), ...cursorOf(nextCursor) };
        });
        break;
      case 'resources/list':
        server.setRequestHandler(method, async ({ params }, context) => {
          const { authorized, trace } = await admit(method, params, context);
          const resources = await this.listings.resources(authorized, { trace, context, server });
          const { items, nextCursor } = pageOf(resources, ({ uri }) => uri, params?.cursor, this.options.pageSize);
          return { resources: items, ...cursorOf(nextCursor) };
        });
        break;
      case 'tools/call':
        server.setRequestHandler(method, async ({ params }, context) => {
          const served = await admit(method, params, context);
          const { primitive } = served.authorized;
          // What the caller may not see is not there.
          if (primitive?.kind !== 'tool')
            throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${params.name}`);
          const run = (over: ServerContext) => this.#run(served, primitive, params, over, server);
          return (await (this.tasks.begin(primitive, served.authorized, context, run) ?? run(context))) as never;
        });
        break;
      case 'prompts/get':
        server.setRequestHandler(method, async ({ params }, context) => {
          const served = await admit(method, params, context);
          const { primitive } = served.authorized;
          if (primitive?.kind !== 'prompt')
            throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown prompt: ${params.name}`);
          return (await this.#run(served, primitive, params, context, server)) as never;
        });
        break;
      case 'resources/read':
        server.setRequestHandler(method, async ({ params }, context) => {
          const served = await admit(method, params, context);
          const { primitive } = served.authorized;
          if (!primitive) throw new ResourceNotFoundError(params.uri);
          return (await this.#run(served, primitive, params, context, server)) as never;
        });
        break;
      case 'completion/complete':
        server.setRequestHandler(method, async ({ params }, context) => {
          const served = await admit(method, params, context);
          const { primitive } = served.authorized;
          if (!primitive) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Nothing of that name is completed');
          return (await this.#run(served, primitive, params, context, server)) as never;
        });
        break;
      case 'resources/subscribe':
      case 'resources/unsubscribe':
        server.setRequestHandler(method, async ({ params }, context) => {
          const { authorized, conversation } = await admit(method, params, context);
          if (!authorized.primitive || !(await this.listings.mayRead(params.uri, authorized)))
            throw new ResourceNotFoundError(params.uri);
          if (!conversation)
            throw new ProtocolError(
              ProtocolErrorCode.InvalidRequest,
              'Subscriptions take the Mcp-Session-Id of initialize',
            );
          const party = partyOf(authorized.caller, conversation);
          this.subscriptions.change(method === 'resources/subscribe' ? 'subscribe' : 'unsubscribe', party, params.uri);
          return {};
        });
        break;
      case 'logging/setLevel':
        server.setRequestHandler(method, async ({ params }, context) => {
          const { authorized, conversation } = await admit(method, params, context);
          if (conversation) this.#levels.set(partyOf(authorized.caller, conversation), params.level, LEVEL_AGE);
          return {};
        });
        break;
      case 'tasks/get':
      case 'tasks/update':
      case 'tasks/cancel':
        this.tasks.handle(server, method, admit);
        break;
      default:
    }
  }

  async #run(
    served: AuthorizedRequest,
    primitive: Primitive,
    params: unknown,
    context: ServerContext,
    server: Server,
  ): Promise<Outcome> {
    const { authorized, trace, scheme, failure, access } = served;
    const { caller, scopes } = authorized;
    return await this.runner.run(authorized, primitive, {
      trace,
      context,
      server,
      params,
      failure,
      access,
      challenge: (remedy) => {
        const challenge = caller && this.challenges.demanded(caller, scheme, [remedy], scopes);
        // Nobody is there to sign in for a client that acts for itself.
        if (!caller?.appOnly) served.challenge = challenge;
        return challenge?.challenge;
      },
    });
  }
}

function offers(server: Server, method: string): boolean {
  const { prompts, resources, completions } = server.getCapabilities();
  if (method.startsWith('prompts/')) return prompts !== undefined;
  if (method.startsWith('resources/')) return resources !== undefined;
  return method !== 'completion/complete' || completions !== undefined;
}

function cursorOf(nextCursor: string | undefined) {
  return nextCursor === undefined ? {} : { nextCursor };
}

const METHODS = [
  'tools/list',
  'tools/call',
  'prompts/list',
  'prompts/get',
  'resources/list',
  'resources/templates/list',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'completion/complete',
  'tasks/get',
  'tasks/update',
  'tasks/cancel',
];
