import type { DenialReason } from '../../observability/audit-event.js';
import type { AccessRule } from '../access/access-rule.js';
import type { Caller } from '../access/caller.js';
import type { Operation } from '../access/operation.js';
import type { Denial } from '../access/policy.js';
import type { Offer } from '../catalogue/primitive.js';

/** What a refusal says. */
export interface AccessDenial {
  readonly reason: DenialReason;
  readonly caller: Caller | undefined;
  readonly operation: Operation | undefined;
  /** What the operation is about; `undefined` where the caller may do nothing at all. */
  readonly primitive?: Offer;
  /** Scopes that the operation takes. */
  readonly scopes?: readonly string[];
  /** For the model and its user, where another token would not help. */
  readonly denial?: Denial;
  /** Class of the policy that denied. */
  readonly policy?: string;
  /** What a policy failed with. */
  readonly cause?: unknown;
  /** Correlation id of the request. */
  readonly reference: string;
}

/** A caller may not do an operation. Nothing of it was done. Each way in has one place that tells it. */
export class AccessDeniedError extends Error {
  readonly reason: DenialReason;
  readonly caller: Caller | undefined;
  readonly operation: Operation | undefined;
  readonly primitive: Offer | undefined;
  readonly scopes: readonly string[];
  readonly denial: Denial | undefined;
  readonly policy: string | undefined;
  readonly reference: string;

  constructor({ reason, caller, operation, primitive, scopes = [], denial, policy, cause, reference }: AccessDenial) {
    super(`Access was denied: ${reason}`, { cause });
    this.reason = reason;
    this.caller = caller;
    this.operation = operation;
    this.primitive = primitive;
    this.scopes = scopes;
    this.denial = denial;
    this.policy = policy;
    this.reference = reference;
  }

  /** What the operation asks of its caller. */
  get rule(): AccessRule | undefined {
    return this.primitive?.access;
  }
}
