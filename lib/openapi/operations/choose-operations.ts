import type { ApiOperation } from './api-operation.js';
import type { ChoiceOptions } from './choice-options.js';
import { matchesOperation } from './operation-choice.js';

/** The operations that are offered. */
export function chooseOperations(
  operations: readonly ApiOperation[],
  { include, exclude }: ChoiceOptions,
): readonly ApiOperation[] {
  const included = include === undefined ? undefined : [include].flat();
  const excluded = [exclude ?? []].flat();
  return operations.filter(
    (operation) =>
      (included?.some((pattern) => matchesOperation(pattern, operation)) ?? true) &&
      !excluded.some((pattern) => matchesOperation(pattern, operation)),
  );
}
