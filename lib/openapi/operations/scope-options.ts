import { z } from 'zod';
import type { ScopeRule } from '../../resource-server/access/scope-rule.js';
import type { OperationIdentity } from './api-operation.js';

/** What the scopes of an operation are found from. */
export interface ScopeQuestion {
  /** What the document demands, as a rule. */
  readonly security: ScopeRule;
  /** The operation whose scopes are asked for. */
  readonly operation: OperationIdentity;
}

/** Which scopes callers need. */
export interface ScopeOptions {
  /** Scopes of an operation. Defaults to those that its `security` demands. */
  scopes?: (question: ScopeQuestion) => ScopeRule;
}

/** Schemas of {@link ScopeOptions}. */
export const scopeOptionSchemas = { scopes: z.function().optional() };
