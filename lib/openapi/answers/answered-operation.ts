import type { OpenApiDocument } from '../documents/open-api-document.js';
import type { OperationInput } from '../inputs/operation-input.js';
import type { ApiOperation } from '../operations/api-operation.js';
import type { AnswerSettings } from './answer-options.js';
import type { OutputSchema } from './output-schema.js';

/** The operation that was called. */
export interface AnsweredOperation {
  /** Name of the tool. */
  readonly name: string;
  readonly operation: ApiOperation;
  readonly document: OpenApiDocument;
  readonly input: OperationInput;
  /** What the model sent. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly settings: AnswerSettings;
  /** The schema of answers, if clients are offered one. */
  readonly output: OutputSchema | undefined;
}
