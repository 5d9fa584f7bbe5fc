import { z } from 'zod';

/**
 * A value, or a list of such. Told apart before either is tried, so that a fault is found where it is.
 *
 * @param empty - what is wrong with a list without any
 */
export function oneOrMany<Schema extends z.ZodType>(
  schema: Schema,
  empty: string,
): z.ZodType<z.input<Schema> | readonly z.input<Schema>[]> {
  return z.custom<z.input<Schema> | readonly z.input<Schema>[]>().superRefine((value, context) => {
    const form: z.ZodType = Array.isArray(value) ? z.array(schema).min(1, empty) : schema;
    const result = form.safeParse(value, { reportInput: true });
    for (const issue of result.error?.issues ?? []) context.addIssue({ ...issue });
  });
}
