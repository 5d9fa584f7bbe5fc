import type { ResolvedOptions } from '../../options/resolved-options.js';
import { z } from 'zod';
import { findResourceScopeProblem, findScopeProblem } from '../../options/option-rules.js';
import { createTextSchema } from '../../options/text-schema.js';
import type { ScopeImplications } from './scope-hierarchy.js';
import { isJsonObject } from '../../json/json-object.js';

/** What clients are told of scopes, and which scopes imply others. */
export interface ScopeOptions {
  /**
   * Scopes a client should start with: `scopes_supported` of the RFC 9728 document and `scope` of a challenge that no
   * particular tool caused. Defaults to the scopes of the tools declared read-only, else to all declared scopes.
   */
  initial?: readonly string[];
  /**
   * Which scopes a broader scope implies: `{ 'orders:admin': ['orders:write'], 'orders:write': ['orders:read'] }`, or a
   * function. Holds over several steps.
   */
  hierarchy?: ScopeImplications;
  /**
   * What a 403 asks for: the scopes of the `'operation'`, as the specification of 2026-07-28 has it, or their `'union'`
   * with those that the caller holds, for older clients that would lose them. Defaults to `'operation'`.
   */
  challenge?: 'operation' | 'union';
}

const hierarchy = z.custom<ScopeImplications>(
  (value) =>
    typeof value === 'function' ||
    (isJsonObject(value) &&
      Object.entries(value).every(
        ([scope, implied]) =>
          findScopeProblem(scope) === undefined &&
          Array.isArray(implied) &&
          implied.every((one) => typeof one === 'string' && findScopeProblem(one) === undefined),
      )),
  'is neither a function nor a map from a scope to the scopes it implies. Write it as `{ "orders:write": ["orders:read"] }`',
);

/** The form of {@link ScopeOptions}. */
export const scopesSchema = z.strictObject({
  initial: z.array(createTextSchema(findResourceScopeProblem)).optional(),
  hierarchy: hierarchy.optional(),
  challenge: z.enum(['operation', 'union']).optional(),
});

declare module '../../options/resolved-options.js' {
  interface ResolvedOptions {
    readonly initialScopes: readonly string[] | undefined;
    readonly scopeHierarchy: ScopeImplications | undefined;
    readonly challenge: 'operation' | 'union';
  }
}

/** Fills in the defaults. */
export function resolveScopes({ initial, hierarchy, challenge = 'operation' }: ScopeOptions = {}): Pick<
  ResolvedOptions,
  'initialScopes' | 'scopeHierarchy' | 'challenge'
> {
  return { initialScopes: initial, scopeHierarchy: hierarchy, challenge };
}
