import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { readDefaults } from '../../resource-server/catalogue/class-defaults.js';
import { ANONYMOUS } from '../../resource-server/decorators/anonymous.decorator.js';
import { MCP_TOOL, type McpToolOptions } from '../../resource-server/decorators/mcp-tool.decorator.js';
import { listServerUrls } from '../documents/server-urls.js';
import type { OperationIdentity } from '../operations/api-operation.js';
import type { DocumentTools } from './document-tools.js';
import { LeftOutOperations } from './left-out-operations.js';

/** An operation that is offered, for those who look the documents over. */
export interface ExaminedOperation {
  /** Name of its tool. */
  readonly tool: string;
  readonly operation: OperationIdentity;
  readonly isReadOnly: boolean;
  readonly isAnonymous: boolean;
  readonly scopes: McpToolOptions['scopes'];
}

/** What a document has become. */
export interface ExaminedDocument {
  /** Of the declaration: `@McpOpenApi on OrdersApi`. */
  readonly place: string;
  /** Name of the downstream that is the API. */
  readonly downstream: string;
  /** Whether it may come by plain http. */
  readonly acceptClearText: boolean;
  /** Where the document says that the API is. */
  readonly servers: readonly string[];
  readonly operations: readonly ExaminedOperation[];
  /** What was chosen and cannot be offered, each with the reason. */
  readonly leftOut: readonly string[];
}

/** Whose document it is. */
export interface DocumentOwner {
  readonly type: Type;
  readonly place: string;
}

/** Looks over what a document has become. */
export function describeDocument(
  { document, offers, tools, faulty }: DocumentTools,
  { type, place }: DocumentOwner,
): ExaminedDocument {
  return {
    place,
    downstream: offers.options.downstream,
    acceptClearText: offers.options.acceptClearText ?? false,
    servers: listServerUrls(document),
    operations: tools.map(({ offered, method }) => describeOperation(type, offered.operation, method)),
    leftOut: new LeftOutOperations(faulty).list(),
  };
}

function describeOperation(type: Type, operation: OperationIdentity, method: () => unknown): ExaminedOperation {
  const { name = '', annotations, ...own } = Reflect.getMetadata(MCP_TOOL, method) as McpToolOptions;
  return {
    tool: name,
    operation,
    isReadOnly: annotations?.readOnlyHint === true,
    isAnonymous: [method, type].some((target) => Reflect.getMetadata(ANONYMOUS, target) === true),
    scopes: own.scopes ?? readDefaults(type)?.scopes,
  };
}
