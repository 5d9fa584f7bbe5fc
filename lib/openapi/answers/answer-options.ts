import { z } from 'zod';

/** What becomes of the answers of the API. */
export interface AnswerOptions {
  /** How large answers may be, and what is left of them. */
  answers?: {
    /** Characters of an answer that a model gets at most. Defaults to 100 000. */
    maxSize?: number;
  };
}

/** Schemas of {@link AnswerOptions}. */
export const answerOptionSchemas = {
  answers: z
    .strictObject({ maxSize: z.int().positive('has to be a positive number of characters').optional() })
    .optional(),
};
