import { Injectable, Logger } from '@nestjs/common';
import { ProtocolError, ProtocolErrorCode, type Resource } from '@modelcontextprotocol/server';
import { holds } from '../../resource-server/access/access-rule.js';
import { AuthorizedOperation } from '../../resource-server/authorization/authorized-operation.js';
import { Policies } from '../../resource-server/authorization/policies.js';
import { ScopeHierarchy } from '../../resource-server/access/scope-hierarchy.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import type { Found } from '../../resource-server/catalogue/found.js';
import type { Operation } from '../../resource-server/access/operation.js';
import type { Primitive, ResourceTemplateDefinition } from '../../resource-server/catalogue/primitive.js';
import { reasonOf } from '../../errors/reason.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { pageOf, type PageOfList } from './page-of-list.js';
import { PrimitiveRunner, type Surroundings } from '../invocation/primitive-runner.js';

/** Resources that one stream can be told of. */
const MAX_SUBSCRIPTIONS = 1_000;

/** What a caller gets to see. */
@Injectable()
export class Listings {
  readonly #logger = new Logger('McpServing');

  constructor(
    private readonly options: ResolvedOptions,
    private readonly catalogue: Catalogue,
    private readonly policies: Policies,
    private readonly runner: PrimitiveRunner,
    private readonly hierarchy: ScopeHierarchy,
  ) {}

  /** A page of what a caller may see of one kind. */
  page<One extends Primitive>(
    all: readonly One[],
    authorized: AuthorizedOperation,
    cursor: string | undefined,
  ): PageOfList<One> {
    return pageOf(this.#visible(all, authorized), ({ name }) => name, cursor, this.options.pageSize);
  }

  /** Every resource that a caller may see, those of templates among them. */
  async resources(
    authorized: AuthorizedOperation,
    surroundings: Pick<Surroundings, 'trace' | 'context' | 'server'>,
  ): Promise<readonly Resource[]> {
    const listed = await Promise.all(
      this.#visible(this.catalogue.templates, authorized)
        .filter(({ list }) => list)
        .map((template) => this.#listed(template, authorized, surroundings)),
    );
    const own = this.#visible(this.catalogue.resources, authorized).map(({ listing }) => listing);
    const byUri = new Map([...listed.flat(), ...own].map((resource) => [resource.uri, resource]));
    return [...byUri.values()].sort(({ uri: a }, { uri: b }) => (a < b ? -1 : 1));
  }

  /** The subscriptions of a message that its caller may have: nobody is told of what they may not read. */
  async narrowed(body: unknown, authorized: AuthorizedOperation): Promise<unknown> {
    if (authorized.operation?.method !== 'subscriptions/listen') return body;
    const { params } = body as { params?: { notifications?: { resourceSubscriptions?: unknown } } };
    const uris: unknown = params?.notifications?.resourceSubscriptions;
    if (!Array.isArray(uris)) return body;
    const some = uris.slice(0, MAX_SUBSCRIPTIONS) as unknown[];
    const allowed = await Promise.all(some.map((uri) => this.mayRead(uri, authorized)));
    const resourceSubscriptions = some.filter((_uri, index) => allowed[index]);
    return {
      ...(body as object),
      params: { ...params, notifications: { ...params?.notifications, resourceSubscriptions } },
    };
  }

  /** Whether a caller may read a resource, by its scopes, their sign-in and policies. */
  async mayRead(uri: unknown, authorized: AuthorizedOperation): Promise<boolean> {
    const found = typeof uri === 'string' ? this.catalogue.findResource(uri) : undefined;
    if (!found) return false;
    return await this.#mayUse(found, { method: 'resources/read', name: uri as string }, authorized);
  }

  async #listed(
    template: ResourceTemplateDefinition,
    authorized: AuthorizedOperation,
    surroundings: Pick<Surroundings, 'trace' | 'context' | 'server'>,
  ): Promise<readonly Resource[]> {
    const operation = { method: 'resources/list', name: template.name };
    const mayList = await this.#mayUse({ primitive: template, variables: {} }, operation, authorized);
    return mayList ? await this.runner.list(template, authorized, surroundings) : [];
  }

  #visible<One extends Primitive>(all: readonly One[], { caller }: AuthorizedOperation): readonly One[] {
    const isStranger = !caller && !this.options.anonymous;
    try {
      return all.filter(({ access }) => {
        if (isStranger) return access.anonymous;
        return this.options.list === 'all' || holds(caller, access, this.hierarchy);
      });
    } catch (error) {
      // The SDK would tell the client the message of a function of the application.
      this.#logger.error(`A list could not be made: ${reasonOf(error)}`);
      throw new ProtocolError(ProtocolErrorCode.InternalError, 'Internal error');
    }
  }

  /** Nobody is told no by an error here: what cannot be decided is not theirs. */
  async #mayUse(found: Found, operation: Operation, { caller }: AuthorizedOperation): Promise<boolean> {
    if (caller?.appOnly && !found.primitive.access.appOnly) return false;
    const request = { caller, operation, found, body: {}, isOpen: this.options.anonymous };
    try {
      const leave = await AuthorizedOperation.authorize(request, this.hierarchy);
      return leave instanceof AuthorizedOperation && (await this.policies.objectionTo(leave)) === undefined;
    } catch {
      return false;
    }
  }
}
