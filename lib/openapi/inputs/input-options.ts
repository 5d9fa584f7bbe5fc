import { z } from 'zod';
import { text } from '../../options/text-schema.js';
import type { Caller } from '../../resource-server/access/caller.js';
import type { OperationIdentity, ParameterPlace } from '../operations/api-operation.js';
import { patternsSchema } from '../operations/choice-options.js';
import type { OperationPattern } from '../operations/operation-choice.js';

/** What a parameter is filled in from. */
export interface ParameterQuestion {
  /** The caller of the running tool. */
  readonly caller: Caller;
  /** The operation that is called. */
  readonly operation: OperationIdentity;
}

/** A parameter that is no argument, so that a model neither sees nor sets it. Has one of `value`, `from` and `hidden`. */
export interface ParameterSetting {
  /** What is always sent. */
  value?: unknown;
  /**
   * Returns what is sent for a caller. `undefined` sends nothing, and fails the call if the document requires the
   * parameter. Without a caller, in an anonymous call, it is not asked, and the call fails.
   */
  from?: (question: ParameterQuestion) => unknown;
  /** Sends nothing. The document must not require the parameter. */
  hidden?: true;
  /** Where the parameter is: in the body, it is a property. Defaults to any place. */
  in?: ParameterPlace | 'body';
  /** Operations that are meant. Defaults to all that have the parameter. */
  operations?: OperationPattern | readonly OperationPattern[];
}

/** What a model may send. */
export interface InputOptions {
  /**
   * Parameters and properties of bodies that are no arguments, by their names in the document. A member of a property is
   * named by a JSON Pointer into the body, such as `/customer/tenant`. `'hidden'` is short for `{ hidden: true }`. Of
   * several settings of one name, the first that means the parameter counts.
   */
  parameters?: Readonly<Record<string, 'hidden' | ParameterSetting | readonly ParameterSetting[]>>;
  /**
   * Characters of the schema of a tool's arguments. A larger one says less: texts of members, long enumerations and deep
   * members are left out, in this order. It still takes whatever the API takes. Defaults to 24 000.
   */
  maxToolSize?: number;
}

const setting = z
  .strictObject({
    value: z.unknown().optional(),
    from: z.function().optional(),
    hidden: z.literal(true).optional(),
    in: z.enum(['path', 'query', 'header', 'cookie', 'body']).optional(),
    operations: patternsSchema.optional(),
  })
  .refine((one) => [one.value, one.from, one.hidden].filter((given) => given !== undefined).length === 1, {
    error: 'has to have one of `value`, `from` and `hidden: true`',
  });

/** The smallest bound that leaves room for the names of some arguments. */
const MIN_TOOL_SIZE = 500;

/** Schemas of {@link InputOptions}. */
export const inputOptionSchemas = {
  parameters: z
    .record(
      text,
      z.union([z.literal('hidden'), z.array(setting), setting], {
        error: "has to be 'hidden', or a setting with one of `value`, `from` and `hidden: true`",
      }),
    )
    .optional(),
  maxToolSize: z.int().min(MIN_TOOL_SIZE, `has to be a number of characters, from ${MIN_TOOL_SIZE} up`).optional(),
};
