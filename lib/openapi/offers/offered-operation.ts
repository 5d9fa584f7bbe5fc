import type { McpOpenApiOptions } from '../declaration/open-api-options.js';
import type { OpenApiDocument } from '../documents/open-api-document.js';
import type { OperationInput } from '../inputs/operation-input.js';
import type { ScopeRule } from '../../resource-server/access/scope-rule.js';
import type { ApiOperation } from '../operations/api-operation.js';

/** An operation that is offered as a tool. */
export interface OfferedOperation {
  /** Of the tool. */
  readonly name: string;
  readonly operation: ApiOperation;
  /** Path between the base URL and that of the operation. */
  readonly serverPath: string;
  readonly document: OpenApiDocument;
  /** Described when it is first asked for. Throws a {@link DocumentProblem} if it cannot be. */
  readonly input: OperationInput;
  /** Whether it can be called without a token. */
  readonly isAnonymous: boolean;
  /** Scopes that callers need. */
  readonly scopes: ScopeRule | undefined;
  readonly options: McpOpenApiOptions;
}
