import type { DownstreamClient } from '../../on-behalf-of/downstream/downstream-client.js';
import type { Fault } from '../../resource-server/catalogue/access-option-rules.js';
import type { McpOpenApiOptions } from '../declaration/open-api-options.js';
import type { ApiOperation } from '../operations/api-operation.js';
import { matchesOperation, type OperationPattern } from '../operations/operation-choice.js';
import type { CuratedMethod } from './curated-methods.js';
import { generateResources } from './generated-resources.js';
import type { OfferedOperation } from './offered-operation.js';

/** The operations of a document that are resources, too. */
export class ResourceOffers {
  readonly #patterns: readonly OperationPattern[];
  readonly #used = new Set<OperationPattern>();

  /** @param onLeftOut - receives what is no resource though it is chosen, as the end of a sentence */
  constructor(
    { resources = [] }: McpOpenApiOptions,
    private readonly client: DownstreamClient,
    private readonly onLeftOut: (message: string) => void,
  ) {
    this.#patterns = [resources].flat();
  }

  /**
   * Makes the methods that read an operation, if it is chosen. What a method of the application does with an operation,
   * no resource may go around.
   *
   * @param tool - the method of its tool
   * @param curated - the method of the application, if there is one
   * @returns methods by URI
   */
  generate(
    offered: OfferedOperation,
    tool: () => unknown,
    curated: CuratedMethod | undefined,
  ): ReadonlyMap<string, () => unknown> {
    if (!this.#isChosen(offered.operation)) return new Map();
    const generated = curated
      ? 'has a method with @McpOperation, which is a tool alone'
      : generateResources(offered, tool, this.client);
    if (typeof generated !== 'string') return generated;
    const { method, path } = offered.operation;
    this.onLeftOut(`has ${method} ${path}, which is no resource: it ${generated}`);
    return new Map();
  }

  /** Reports patterns that choose nothing. */
  findUnused(fault: Fault): void {
    for (const pattern of this.#patterns.filter((one) => !this.#used.has(one)))
      fault(
        'resources',
        `has ${JSON.stringify(pattern)}, which is no GET operation that is offered. Check its spelling`,
      );
  }

  /** Patterns such as a tag mean what can be read. */
  #isChosen(operation: ApiOperation): boolean {
    if (operation.method !== 'GET') return false;
    const matching = this.#patterns.filter((pattern) => matchesOperation(pattern, operation));
    for (const pattern of matching) this.#used.add(pattern);
    return matching.length > 0;
  }
}
