import type { Offer } from '../../resource-server/catalogue/primitive.js';

/** The rule of something that a message names, or why nothing can be done with it. */
export type Ruling = { readonly rule: Offer } | { readonly rule: undefined; readonly reason: string };

/** @param reason - for the log of the operator. It completes the sentence "it was refused: ..." */
export function refuse(reason: string): Ruling {
  return { rule: undefined, reason };
}

/** The ruling for what no rule names. */
export const NO_RULE = refuse('@ProtectedMcp has no rule for it. Add one, or "*"');
