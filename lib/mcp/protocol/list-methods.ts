import { Injectable } from '@nestjs/common';
import type { ListToolsResult, Server } from '@modelcontextprotocol/server';
import { LimitError } from '../../errors/limit-error.js';
import type { Lease } from '../../limits/lease.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import type { Admit, AuthorizedRequest } from '../invocation/authorized-request.js';
import { toLimitError } from '../invocation/limit-answer.js';
import { CallShares } from './call-shares.js';
import { Listings } from './listings.js';
import { takePage } from './page-of-list.js';

export type ListMethod = 'tools/list' | 'prompts/list' | 'resources/list' | 'resources/templates/list';

/** The methods that list primitives, one page at a time. */
@Injectable()
export class ListMethods {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly catalogue: Catalogue,
    private readonly listings: Listings,
    private readonly shares: CallShares,
  ) {}

  handle(server: Server, method: ListMethod, admit: Admit): void {
    const { catalogue, listings } = this;
    switch (method) {
      case 'tools/list':
        server.setRequestHandler(method, async ({ params }, context) => {
          const { authorized } = await admit(method, params, context);
          const { items, nextCursor } = listings.cutPage(catalogue.listedTools, authorized, params?.cursor);
          return { tools: items.map(({ listing }) => listing), ...toCursor(nextCursor) } satisfies ListToolsResult;
        });
        break;
      case 'prompts/list':
        server.setRequestHandler(method, async ({ params }, context) => {
          const { authorized } = await admit(method, params, context);
          const { items, nextCursor } = listings.cutPage(catalogue.prompts, authorized, params?.cursor);
          return { prompts: items.map(({ listing }) => listing), ...toCursor(nextCursor) };
        });
        break;
      case 'resources/templates/list':
        server.setRequestHandler(method, async ({ params }, context) => {
          const { authorized } = await admit(method, params, context);
          const { items, nextCursor } = listings.cutPage(catalogue.templates, authorized, params?.cursor);
          return { resourceTemplates: items.map(({ listing }) => listing), ...toCursor(nextCursor) };
        });
        break;
      case 'resources/list':
        server.setRequestHandler(method, async ({ params }, context) => {
          const served = await admit(method, params, context);
          const { authorized, trace } = served;
          const taken = served.lease ? undefined : this.#take(served);
          const listing = listings.listResources(authorized, { trace, context, server, shown: served.show?.() });
          (served.lease ?? taken)?.hold(listing);
          taken?.release();
          const resources = await listing;
          const { items, nextCursor } = takePage(resources, ({ uri }) => uri, params?.cursor, this.options.pageSize);
          return { resources: items, ...toCursor(nextCursor) };
        });
        break;
    }
  }

  /** The share of a request that came without HTTP. Over HTTP it was taken before. */
  #take(served: AuthorizedRequest): Lease | undefined {
    try {
      return this.shares.take(served);
    } catch (error) {
      throw error instanceof LimitError ? toLimitError(error) : error;
    }
  }
}

function toCursor(nextCursor: string | undefined) {
  return nextCursor === undefined ? {} : { nextCursor };
}
