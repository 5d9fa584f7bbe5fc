import { z } from 'zod';

/**
 * A value, or a list of values. The form is determined first, so that an error names the exact path.
 *
 * @param empty - the message for an empty list
 */
export function oneOrMany<Schema extends z.ZodType>(
  schema: Schema,
  empty: string,
): z.ZodType<z.input<Schema> | readonly z.input<Schema>[]> {
  return z.custom<z.input<Schema> | readonly z.input<Schema>[]>().superRefine((value, context) => {
    const form: z.ZodType = Array.isArray(value) ? z.array(schema).min(1, empty) : schema;
    const result = form.safeParse(value, { reportInput: true, jitless: true });
    for (const issue of result.error?.issues ?? []) context.addIssue({ ...issue });
  });
}
