import type { ApiOperation } from '../operations/api-operation.js';
import { matchesOperation } from '../operations/operation-choice.js';
import type { OfferedOperation } from './offered-operation.js';

/** All operations of a document, those that are not offered among them, for the methods that curate it. */
export class SiblingOperations {
  readonly #described = new Map<string, OfferedOperation>();

  constructor(
    private readonly operations: readonly ApiOperation[],
    private readonly describe: (operation: ApiOperation) => OfferedOperation,
  ) {}

  /**
   * Finds an operation.
   *
   * @param pattern - its `operationId`, or its method and path
   * @throws Error if the document has no such operation, or several
   */
  find(pattern: string): OfferedOperation {
    const known = this.#described.get(pattern);
    if (known) return known;
    const [operation, ...others] = this.operations.filter((one) => matchesOperation(pattern, one));
    if (!operation) throw new Error(`The document has no operation "${pattern}"`);
    if (others.length > 0) throw new Error(`"${pattern}" is several operations of the document. Name one of them`);
    const described = this.describe(operation);
    this.#described.set(pattern, described);
    return described;
  }
}
