import { Injectable } from '@nestjs/common';
import { ProtocolError, ProtocolErrorCode, type Resource } from '@modelcontextprotocol/server';
import { CleanLogger } from '../../log/clean-logger.js';
import { Admission, type AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import { PermittedItems } from '../../resource-server/authorization/permitted-items.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import type { Primitive, ResourceTemplateDefinition } from '../../resource-server/catalogue/primitive.js';
import { describeError } from '../../errors/reason.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { takePage, type PageOfList } from './page-of-list.js';
import { ResourceLists, type ListMessage } from '../invocation/resource-lists.js';

/** Maximum number of resources in one subscription stream. */
const MAX_SUBSCRIPTIONS = 1_000;

/** Lists what a caller may see. */
@Injectable()
export class Listings {
  readonly #logger = new CleanLogger('McpServing');

  constructor(
    private readonly options: ResolvedOptions,
    private readonly catalogue: Catalogue,
    private readonly admission: Admission,
    private readonly lists: ResourceLists,
    private readonly items: PermittedItems,
  ) {}

  /** Returns a page of the primitives of one kind that a caller may see. */
  cutPage<One extends Primitive>(
    all: readonly One[],
    authorized: AuthorizedOperation,
    cursor: string | undefined,
  ): PageOfList<One> {
    return takePage(this.#filterVisible(all, authorized), ({ name }) => name, cursor, this.options.pageSize);
  }

  /** Lists every resource that a caller may see, including those of templates. */
  async listResources(authorized: AuthorizedOperation, message: ListMessage): Promise<readonly Resource[]> {
    const listed = await Promise.all(
      this.#filterVisible(this.catalogue.templates, authorized)
        .filter(({ list }) => list)
        .map((template) => this.#list(template, authorized, message)),
    );
    const own = this.#filterVisible(this.catalogue.resources, authorized).map(({ listing }) => listing);
    const byUri = new Map([...listed.flat(), ...own].map((resource) => [resource.uri, resource]));
    return [...byUri.values()].sort(({ uri: a }, { uri: b }) => (a < b ? -1 : 1));
  }

  /** Removes the subscriptions to resources that the caller may not read. */
  async narrow(body: unknown, authorized: AuthorizedOperation): Promise<unknown> {
    if (authorized.operation?.method !== 'subscriptions/listen') return body;
    const { params } = body as { params?: { notifications?: { resourceSubscriptions?: unknown } } };
    const uris: unknown = params?.notifications?.resourceSubscriptions;
    if (!Array.isArray(uris)) return body;
    const some = uris.slice(0, MAX_SUBSCRIPTIONS) as unknown[];
    const allowed = await Promise.all(some.map((uri) => this.items.mayRead(uri, authorized.caller)));
    const resourceSubscriptions = some.filter((_uri, index) => allowed[index]);
    return {
      ...(body as object),
      params: { ...params, notifications: { ...params?.notifications, resourceSubscriptions } },
    };
  }

  async #list(
    template: ResourceTemplateDefinition,
    { caller }: AuthorizedOperation,
    message: ListMessage,
  ): Promise<readonly Resource[]> {
    const operation = { method: 'resources/list', name: template.name };
    const found = { primitive: template, variables: {} };
    const leave = await this.admission.findLeave({ caller, operation, found, body: {}, areItemsSelected: true });
    return leave ? await this.items.selectResources(await this.lists.list(leave, message), template, caller) : [];
  }

  #filterVisible<One extends Primitive>(all: readonly One[], { caller }: AuthorizedOperation): readonly One[] {
    try {
      return all.filter((one) => this.admission.isShown(one, caller));
    } catch (error) {
      // The SDK would send the client the error message of an application function.
      this.#logger.sum('error', 'list', `A list could not be made: ${describeError(error)}`);
      throw new ProtocolError(ProtocolErrorCode.InternalError, 'Internal error');
    }
  }
}
