import { z } from 'zod';
import type { ScopeName } from '../../options/register.js';
import { findResourceScopeProblem } from '../../options/option-rules.js';
import { createTextSchema } from '../../options/text-schema.js';
import type { ScopeRule } from '../../resource-server/access/scope-rule.js';
import type { OperationIdentity } from './api-operation.js';

/** What the scopes of an operation are found from. */
export interface ScopeQuestion {
  /**
   * What the document demands: a list, all of which are needed, or `anyOf`, whose entries are a scope or several. An
   * empty list if it demands no scopes.
   */
  readonly security: ScopeRule;
  /** The operation whose scopes are asked for. */
  readonly operation: OperationIdentity;
}

/**
 * Scopes of the API, each with the scope of this server, or the scopes, that callers need for it. An empty list: they
 * need none. `*` is for all others, and stands for the scope itself in its value: `{ '*': 'orders:*' }` puts `orders:`
 * before each.
 */
export type ScopeMap = Readonly<Record<string, ScopeName | readonly ScopeName[]>>;

/** Which scopes callers need. */
export interface ScopeOptions {
  /**
   * The scopes of an operation: a map from the API's scopes to those of this server, or a function. A scope that a map
   * does not have stops the boot, so that no scope of the API reaches clients by mistake. Defaults to `scopeMap` of the
   * downstream, where there is one, else to the scopes that the document demands.
   */
  scopes?: ScopeMap | ((question: ScopeQuestion) => ScopeRule);
}

const scope = createTextSchema(findResourceScopeProblem);
const own = z.union([scope, z.array(scope)]);

/** Schemas of {@link ScopeOptions}. */
export const scopeOptionSchemas = {
  scopes: z
    .union([z.function(), z.record(z.string(), own)], {
      error:
        'has to be a function, or a map from scopes of the API to scopes of this server, such as { "orders.write": "orders:write" }',
    })
    .optional(),
};
