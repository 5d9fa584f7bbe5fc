import { z } from 'zod';

/** What becomes of many operations. */
export interface SearchOptions {
  /**
   * How many tools the documents of a server may become. More stop the boot, because models choose badly among many
   * tools, and pay for each of them in tokens. If several classes of a server set it, the largest number counts.
   * Defaults to 60.
   */
  maxTools?: number;
}

/** Schemas of {@link SearchOptions}. */
export const searchOptionSchemas = {
  maxTools: z.int().positive('has to be a positive number of tools').optional(),
};
