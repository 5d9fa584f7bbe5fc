import type { Fault } from '../../resource-server/catalogue/access-option-rules.js';
import type { ApiOperation } from '../operations/api-operation.js';
import { matchesOperation } from '../operations/operation-choice.js';
import type { AnswerOptions, AnswerSettings } from './answer-options.js';

/**
 * What becomes of the answers of one operation: what its method says, else what the options say for it, else what they say
 * for all. Of several entries that mean it, the later ones count.
 *
 * @param own - of `@McpOperation`
 */
export function findAnswerSettings(
  { answers = {} }: AnswerOptions,
  operation: ApiOperation,
  own: AnswerSettings = {},
): AnswerSettings {
  const { operations = {}, ...all } = answers;
  const meant = Object.entries(operations).filter(([pattern]) => matchesOperation(pattern, operation));
  return Object.assign({}, all, ...meant.map(([, settings]) => settings), own) as AnswerSettings;
}

/** Reports entries for operations that there are not. */
export function checkAnswerSettings(
  { answers }: AnswerOptions,
  operations: readonly ApiOperation[],
  fault: Fault,
): void {
  for (const pattern of Object.keys(answers?.operations ?? {})) {
    if (operations.some((operation) => matchesOperation(pattern, operation))) continue;
    fault(
      `answers.operations`,
      `has "${pattern}", which is no operation of the document. Write an operationId, or a method and a path such as "GET /orders/**"`,
    );
  }
}
