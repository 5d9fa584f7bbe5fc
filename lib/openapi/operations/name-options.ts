import { z } from 'zod';

/** Characters of a name. Clients put the name of the server before it, and model APIs take 64 in all. */
export const MAX_NAME = 48;

/** Characters of a description. Some model APIs take no more. */
export const MAX_DESCRIPTION = 1024;

/** How the tools of a document are named and described. */
export interface NameOptions {
  /**
   * Put before the name of each tool, so that the operations of several documents have different names: `orders_`.
   * Letters, digits, `_` and `-`, up to 24.
   */
  prefix?: string;
  /**
   * Characters that the name of a tool has at most, from 16 to 64. Defaults to 48: model APIs take 64, and clients put
   * the name of the server before it.
   */
  maxNameLength?: number;
  /**
   * Characters that the description of a tool has at most, from 64 up. A longer one is cut after a sentence. What
   * follows is the description of the arguments in its schema. Defaults to 1024.
   */
  maxDescriptionLength?: number;
}

/** Schemas of {@link NameOptions}. */
export const nameOptionSchemas = {
  prefix: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,23}$/, 'has to be up to 24 letters, digits, "_" and "-", a letter or "_" first')
    .optional(),
  maxNameLength: z.int().min(16, 'has to be from 16 to 64').max(64, 'has to be from 16 to 64').optional(),
  maxDescriptionLength: z.int().min(64, 'has to be a number of characters from 64 up').optional(),
};
