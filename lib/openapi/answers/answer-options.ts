import { z } from 'zod';
import { isFieldPath } from './projection.js';

/** What becomes of the answers of an operation. */
export interface AnswerSettings {
  /**
   * Characters of a result at most: its text and its structured content, counted together. What is over is left out by
   * whole items, and the result says so. Defaults to 100 000.
   */
  maxSize?: number;
  /**
   * Whether JSON is sent as `structuredContent`, besides the text that MCP wants for older clients. `false` sends the
   * text alone, which may then be twice as long. Defaults to `true`.
   */
  structured?: boolean;
  /**
   * Bytes of a picture, a recording or another file that is sent. Of a larger one the result says what it is. Defaults
   * to 1 048 576.
   */
  maxFileSize?: number;
  /**
   * Offers clients the schema that the document has for answers. `'declared'`: what does not fit is sent all the same,
   * and the log says where it does not fit. `'enforced'`: it fails the call. Defaults to no schema.
   */
  schema?: 'declared' | 'enforced';
  /**
   * Members of answers that are kept, such as `['id', 'items[].name']`, or JSONPath (RFC 9535) such as
   * `$.items[?@.open].id`. What is around them stays. Paths without `$` are for each item of an answer that is a list.
   * Defaults to all.
   */
  fields?: readonly string[];
}

/** What becomes of the answers of the API. */
export interface AnswerOptions {
  /** How large answers may be, and what is left of them. */
  answers?: AnswerSettings & {
    /**
     * What is different for some operations: by `operationId`, or by method and path with wildcards such as
     * `GET /orders/**`. Of several entries for one operation, the later ones count.
     */
    operations?: Readonly<Record<string, AnswerSettings>>;
  };
}

const settings = {
  maxSize: z.int().positive('has to be a positive number of characters').optional(),
  structured: z.boolean().optional(),
  schema: z.enum(['declared', 'enforced'], 'has to be "declared" or "enforced"').optional(),
  fields: z
    .array(z.string().refine(isFieldPath, 'is neither a path such as "items[].name" nor JSONPath (RFC 9535)'))
    .min(1, 'has to name a member. Remove it to keep all')
    .optional(),
  maxFileSize: z.int().min(0, 'has to be a number of bytes, from 0').optional(),
};

/** Schemas of {@link AnswerOptions}. */
export const answerOptionSchemas = {
  answers: z
    .strictObject({ ...settings, operations: z.record(z.string(), z.strictObject(settings)).optional() })
    .optional(),
};
