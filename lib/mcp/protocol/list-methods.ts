import { Injectable } from '@nestjs/common';
import { LimitError } from '../../errors/limit-error.js';
import type { Lease } from '../../limits/lease.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import type { Primitive } from '../../resource-server/catalogue/primitive.js';
import type { Admit, AuthorizedRequest } from '../invocation/authorized-request.js';
import type { IdentifyClient } from '../invocation/client-channel.js';
import { toLimitError } from '../invocation/limit-answer.js';
import type { MessageContext } from '../invocation/message-context.js';
import { CallShares } from './call-shares.js';
import { Listings } from './listings.js';
import { takePage } from './page-of-list.js';

export type ListMethod = 'tools/list' | 'prompts/list' | 'resources/list' | 'resources/templates/list';

/** What a list says of each primitive, by the member of the result that has it. */
type ListedPrimitive = Primitive & { readonly listing: object };

/** The methods that list primitives, one page at a time. */
@Injectable()
export class ListMethods {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly catalogue: Catalogue,
    private readonly listings: Listings,
    private readonly shares: CallShares,
  ) {}

  /**
   * Answers with a page of a list.
   *
   * @param params - those of the message. They are valid
   * @param identify - says who a client before 2026-07-28
   * @throws ProtocolError for a cursor that this server did not make
   */
  async answer(
    method: ListMethod,
    params: { readonly cursor?: string } | undefined,
    context: MessageContext,
    identify: IdentifyClient,
    admit: Admit,
  ): Promise<object> {
    const served = await admit(method, params, context);
    const cursor = params?.cursor;
    const { catalogue } = this;
    switch (method) {
      case 'tools/list':
        return this.#cut('tools', catalogue.listedTools, served, cursor);
      case 'prompts/list':
        return this.#cut('prompts', catalogue.prompts, served, cursor);
      case 'resources/templates/list':
        return this.#cut('resourceTemplates', catalogue.templates, served, cursor);
      case 'resources/list': {
        const { authorized, trace } = served;
        const taken = served.lease ? undefined : this.#take(served);
        const listing = this.listings.listResources(authorized, { trace, context, identify, shown: served.show?.() });
        (served.lease ?? taken)?.hold(listing);
        taken?.release();
        const resources = await listing;
        const { items, nextCursor } = takePage(resources, ({ uri }) => uri, cursor, this.options.pageSize);
        return { resources: items, ...toCursor(nextCursor) };
      }
    }
  }

  #cut(member: string, all: readonly ListedPrimitive[], { authorized }: AuthorizedRequest, cursor: string | undefined) {
    const { items, nextCursor } = this.listings.cutPage(all, authorized, cursor);
    return { [member]: items.map(({ listing }) => listing), ...toCursor(nextCursor) };
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
