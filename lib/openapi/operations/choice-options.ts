import type { OperationPattern } from './operation-choice.js';

/** Which operations are offered. */
export interface ChoiceOptions {
  /** Operations that are offered. Defaults to all of them. */
  include?: OperationPattern | readonly OperationPattern[];
  /** Operations that are not offered, whatever `include` says. */
  exclude?: OperationPattern | readonly OperationPattern[];
}
