import { z } from 'zod';
import { patternsSchema } from '../operations/choice-options.js';
import type { OperationPattern } from '../operations/operation-choice.js';

/** Which operations are resources. */
export interface ResourceOptions {
  /**
   * `GET` operations that clients can also read as resources, among those that are offered: as a resource, or as a
   * template with a variable for each parameter of the path and each required one of the query. Defaults to none.
   */
  resources?: OperationPattern | readonly OperationPattern[];
  /** Scheme of the URIs of resources (RFC 3986 section 3.1). Defaults to the name of the downstream. */
  resourceScheme?: string;
}

/** RFC 3986 section 3.1, in small letters. */
const SCHEME = /^[a-z][a-z0-9+.-]*$/;

/** Schemas of {@link ResourceOptions}. */
export const resourceOptionSchemas = {
  resources: patternsSchema.optional(),
  resourceScheme: z
    .string()
    .regex(SCHEME, 'has to be the scheme of a URI, in small letters, such as "orders"')
    .optional(),
};

/** The scheme of URIs of a downstream that names none. */
export function toScheme(downstream: string): string {
  const legal = downstream.toLowerCase().replace(/[^a-z0-9+.-]/g, '-');
  return SCHEME.test(legal) ? legal : `api-${legal}`;
}
