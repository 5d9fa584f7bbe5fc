import type { ResolvedOptions } from '../../options/resolved-options.js';
import { z } from 'zod';
import { findResourceScopeProblem, findScopeProblem } from '../../options/option-rules.js';
import { createTextSchema } from '../../options/text-schema.js';
import type { ScopeImplications } from './scope-hierarchy.js';
import { isJsonObject } from '../../json/json-object.js';

/** The scopes that clients are told about, and which scopes imply others. */
export interface ScopeOptions {
  /**
   * Scopes that a client should start with. They are `scopes_supported` of the RFC 9728 document, and `scope` of a
   * challenge that no particular tool caused. Defaults to the scopes of the tools declared read-only, else to all
   * declared scopes. Defaults to none with `lists.show: 'permitted'`, because they would tell what is hidden.
   */
  initial?: readonly string[];
  /**
   * The scopes that a broader scope implies: `{ 'orders:admin': ['orders:write'], 'orders:write': ['orders:read'] }`,
   * or a function. Implications chain over several steps. A map is read at boot; a function is asked at each decision.
   */
  hierarchy?: ScopeImplications;
  /**
   * The scopes in a 403 challenge. `'operation'`: the scopes of the operation, as the MCP specification 2026-07-28
   * says. `'union'`: these and the scopes that the caller holds, for older clients that would otherwise lose those.
   * Defaults to `'operation'`.
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

/** Schema of {@link ScopeOptions}. */
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
