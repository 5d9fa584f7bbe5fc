import type { OfferedOperation } from '../openapi/offers/offered-operation.js';
import type { ToolDefinition } from '../resource-server/catalogue/primitive.js';

/** A tool that an operation would be. */
export interface ExaminedTool {
  readonly offered: OfferedOperation;
  readonly definition: ToolDefinition;
}
