import 'reflect-metadata';
import { readSearchRole, setSearchRole } from '../../resource-server/catalogue/search-role.js';
import { MCP_TOOL, type McpToolOptions } from '../../resource-server/decorators/mcp-tool.decorator.js';
import type { ApiOperation, OperationIdentity } from '../operations/api-operation.js';
import { matchesOperation } from '../operations/operation-choice.js';
import type { SearchOptions } from './search-options.js';

/** An operation that models search. */
export interface SearchedOperation {
  /** Of its tool. */
  readonly name: string;
  /** What it does, in a line. */
  readonly summary: string | undefined;
  readonly description: string;
  readonly operation: OperationIdentity;
}

const SEARCHED = 'nestjs-mcp-auth:searched';

/** Whether `tools/list` shows the tool of an operation. */
export function isListed(operation: ApiOperation, { offer, listed = [] }: SearchOptions): boolean {
  return offer !== 'search' || [listed].flat().some((pattern) => matchesOperation(pattern, operation));
}

/** Lets the tool of an operation be searched, where the options say so. */
export function declareSearched(method: object, operation: ApiOperation, options: SearchOptions): void {
  if (options.offer !== 'search') return;
  const { name = '', title, description } = Reflect.getMetadata(MCP_TOOL, method) as McpToolOptions;
  const searched: SearchedOperation = { name, summary: title ?? operation.summary, description, operation };
  Reflect.defineMetadata(SEARCHED, searched, method);
  setSearchRole(method, isListed(operation, options) ? 'found and listed' : 'found');
}

/** Reads the operations that are searched from the methods of their tools. */
export function readSearched(methods: Iterable<object>): readonly SearchedOperation[] {
  return [...methods].flatMap((method) =>
    readSearchRole(method) ? [Reflect.getMetadata(SEARCHED, method) as SearchedOperation] : [],
  );
}
