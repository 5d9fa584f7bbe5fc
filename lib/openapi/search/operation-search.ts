import { Injectable } from '@nestjs/common';
import type { Caller } from '../../resource-server/access/caller.js';
import type { ScopeRule } from '../../resource-server/access/scope-rule.js';
import { Admission } from '../../resource-server/authorization/admission.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import type { ToolDefinition } from '../../resource-server/catalogue/primitive.js';
import { isFound } from '../../resource-server/catalogue/search-role.js';
import { OperationIndex } from './operation-index.js';
import type { SearchedOperation } from './searched-operation.js';

/** Characters of a summary. */
const MAX_SUMMARY = 200;

/** An operation as a model finds it. */
export interface FoundOperation {
  readonly name: string;
  readonly summary: string;
  readonly method: string;
  readonly path: string;
  /** Scopes that callers need. Absent if they depend on the arguments. */
  readonly scopes?: ScopeRule;
}

/** What a search has found. */
export interface FoundOperations {
  readonly operations: readonly FoundOperation[];
  /** Whether there are more. */
  readonly hasMore: boolean;
}

/** Searches the operations of a server, for what a caller may see. */
@Injectable()
export class OperationSearch {
  readonly #operations = new Map<object, ReadonlyMap<string, SearchedOperation>>();
  #index: Promise<OperationIndex> | undefined;

  constructor(
    private readonly catalogue: Catalogue,
    private readonly admission: Admission,
  ) {}

  /** Whether anything is searched. */
  get isUsed(): boolean {
    return [...this.#operations.values()].some(({ size }) => size > 0);
  }

  /**
   * Searches the operations of a class, too.
   *
   * @param operations - they replace those that the class had before
   */
  replace(type: object, operations: readonly SearchedOperation[]): void {
    this.#operations.set(type, new Map(operations.map((one) => [one.name, one])));
    this.#index = undefined;
  }

  /**
   * Finds operations by words. If lists show only what is permitted, so does this.
   *
   * @param limit - number of operations
   */
  async find(query: string, limit: number, caller: Caller | undefined): Promise<FoundOperations> {
    // It is made when it is needed, because it takes longer than the rest of the boot.
    this.#index ??= OperationIndex.create([...this.#operations.values()].flatMap((one) => [...one.values()]));
    const found: FoundOperation[] = [];
    for (const one of (await this.#index).rank(query)) {
      const tool = this.#findTool(one.name, caller);
      if (!tool) continue;
      if (found.length === limit) return { operations: found, hasMore: true };
      found.push(toFound(one, tool));
    }
    return { operations: found, hasMore: false };
  }

  /** Finds an operation by its name. `undefined` if there is none that the caller may see. */
  describe(name: string, caller: Caller | undefined): (FoundOperation & Pick<ToolDefinition, 'listing'>) | undefined {
    const tool = this.#findTool(name, caller);
    const operation = [...this.#operations.values()].flatMap((one) => one.get(name) ?? [])[0];
    return tool && operation && { ...toFound(operation, tool), listing: tool.listing };
  }

  #findTool(name: string, caller: Caller | undefined): ToolDefinition | undefined {
    const tool = this.catalogue.findTool(name);
    return tool && isFound(tool) && this.admission.isShown(tool, caller) ? tool : undefined;
  }
}

function toFound({ name, summary, description, operation }: SearchedOperation, tool: ToolDefinition): FoundOperation {
  const { method, path } = operation;
  const { scopes } = tool.access;
  return {
    name,
    summary: (summary ?? description).slice(0, MAX_SUMMARY),
    method,
    path,
    ...(typeof scopes !== 'function' && { scopes }),
  };
}
