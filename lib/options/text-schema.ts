import { z } from 'zod';

export const text = z.string().min(1, 'is empty. Give it a value');

/** Text that a rule of `option-rules` accepts. */
export const createTextSchema = (problemOf: (value: string) => string | undefined): z.ZodString =>
  text.superRefine((value, context) => {
    const message = value === '' ? undefined : problemOf(value);
    if (message) context.addIssue({ code: 'custom', message });
  });
