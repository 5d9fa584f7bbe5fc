import type { DenialReason } from '../../observability/audit-event.js';
import type { AccessRule } from '../access/access-rule.js';
import type { Caller } from '../access/caller.js';
import type { Operation } from '../access/operation.js';
import type { Denial } from '../access/policy.js';
import type { Offer } from '../catalogue/primitive.js';

/** The details of a denial. */
export interface AccessDenial {
  readonly reason: DenialReason;
  readonly caller: Caller | undefined;
  readonly operation: Operation | undefined;
  /** The target of the operation. `undefined` if the caller may do nothing at all. */
  readonly primitive?: Offer;
  /** Scopes that the operation requires. */
  readonly scopes?: readonly string[];
  /** Shown to the model and its user if another token would not help. */
  readonly denial?: Denial;
  /** Class name of the policy that denied the operation. */
  readonly policy?: string;
  /** Ids of the clients that may use the server, for operators. */
  readonly clients?: readonly string[];
  /** The error that a policy threw. */
  readonly cause?: unknown;
  /** Correlation id of the request. */
  readonly reference: string;
}

/** A caller may not do an operation. The operation has not started. Each transport reports this error in one place. */
export class AccessDeniedError extends Error {
  readonly reason: DenialReason;
  readonly caller: Caller | undefined;
  readonly operation: Operation | undefined;
  readonly primitive: Offer | undefined;
  readonly scopes: readonly string[];
  readonly denial: Denial | undefined;
  readonly policy: string | undefined;
  readonly clients: readonly string[] | undefined;
  readonly reference: string;

  constructor(denied: AccessDenial) {
    const { reason, caller, operation, primitive, scopes = [], denial, policy, clients, cause, reference } = denied;
    super(`Access was denied: ${reason}`, { cause });
    this.reason = reason;
    this.caller = caller;
    this.operation = operation;
    this.primitive = primitive;
    this.scopes = scopes;
    this.denial = denial;
    this.policy = policy;
    this.clients = clients;
    this.reference = reference;
  }

  /** What the operation requires of its caller. */
  get rule(): AccessRule | undefined {
    return this.primitive?.access;
  }
}
