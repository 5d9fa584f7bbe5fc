import type { Fault } from '../../resource-server/catalogue/access-option-rules.js';
import type { OperationIdentity } from './api-operation.js';
import type { ChoiceOptions } from './choice-options.js';
import type { ListedOperations } from './list-operations.js';
import { findNear } from './near-operations.js';
import { matchesOperation, type OperationPattern } from './operation-choice.js';

/**
 * The operations that are offered, and those that would be if they were not faulty. What the document hides is not
 * offered.
 */
export function chooseOperations({ operations, faulty }: ListedOperations, options: ChoiceOptions): ListedOperations {
  const included = options.include === undefined ? undefined : [options.include].flat();
  const excluded = [options.exclude ?? []].flat();
  const isChosen = (operation: OperationIdentity): boolean =>
    (included?.some((pattern) => matchesOperation(pattern, operation)) ?? true) &&
    !excluded.some((pattern) => matchesOperation(pattern, operation));
  return {
    operations: operations.filter((operation) => !operation.extension.isHidden && isChosen(operation)),
    faulty: faulty.filter((one) => isChosen(one.operation)),
  };
}

/** Names of the options that choose. */
const OPTIONS = ['include', 'exclude', 'anonymous'] as const satisfies readonly (keyof ChoiceOptions)[];

/**
 * Finds patterns that mean no operation, and choices that leave none.
 *
 * @param fault - receives what is wrong with the options
 */
export function checkChoice(listed: ListedOperations, options: ChoiceOptions, fault: Fault): void {
  const all = [...listed.operations, ...listed.faulty.map(({ operation }) => operation)];
  let isSound = true;
  for (const option of OPTIONS) {
    for (const pattern of [options[option] ?? []].flat()) {
      if (all.some((operation) => matchesOperation(pattern, operation))) continue;
      isSound = false;
      fault(option, `has ${describe(pattern)}, which is no operation of the document. ${describeNear(pattern, all)}`);
    }
  }
  const { operations, faulty } = chooseOperations(listed, options);
  if (!isSound || all.length === 0 || operations.length + faulty.length > 0) return;
  const hidden = listed.operations.some(({ extension }) => extension.isHidden)
    ? ', and `x-mcp` of the document hides some'
    : '';
  fault('include', `leaves no operation: \`exclude\` takes all of them out${hidden}. Choose at least one`);
}

function describe(pattern: OperationPattern): string {
  return JSON.stringify(pattern);
}

function describeNear(pattern: OperationPattern, all: readonly OperationIdentity[]): string {
  const near = findNear(pattern, all);
  return near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'Check its spelling, or remove it';
}
