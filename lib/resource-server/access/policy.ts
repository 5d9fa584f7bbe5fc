import type { Caller } from './caller.js';
import type { Operation } from './operation.js';

/** What a policy decides about. */
export interface PolicyRequest {
  /** Who calls; `undefined` for tools that are {@link Anonymous}. */
  readonly caller: Caller | undefined;
  /** What is asked for. */
  readonly operation: Operation;
  /** The arguments, validated by the tool's `input`. */
  readonly arguments: unknown;
}

/** A rule of the application about calls, as an injectable class. Where it throws, the call fails. */
export interface Policy {
  /**
   * Decides about a call, after its scopes have been found sufficient.
   *
   * @param request - who calls, what is asked for, and the arguments
   * @returns `true` lets the call pass; `false` or a {@link Denial} does not
   */
  permits(request: PolicyRequest): boolean | Denial | Promise<boolean | Denial>;
}

/**
 * Whether there is a way to get what was denied: `available`, `unavailable`, or `undisclosed` (SEP-2643, Structured
 * Authorization Denials).
 */
export type Remediation = 'available' | 'unavailable' | 'undisclosed';

/** A policy's no, with what the model and its user may know of it. */
export class Denial {
  /**
   * @param message - for the model and its user, word for word
   * @param remediation - whether there is a way to get leave. Defaults to `undisclosed`
   * @param hints - how, as SEP-2643 has it: `remediationHints`
   */
  constructor(
    /** For the model and its user, word for word. */
    readonly message: string,
    /** Whether there is a way to get leave. */
    readonly remediation: Remediation = 'undisclosed',
    /** How to get leave: `remediationHints` of SEP-2643. */
    readonly hints: readonly Readonly<Record<string, unknown>>[] = [],
  ) {}
}
