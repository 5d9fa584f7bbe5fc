import type { Caller } from './caller.js';
import type { Operation } from './operation.js';

/** The request that a policy decides about. */
export interface PolicyRequest {
  /** The caller. It may be `undefined` for tools that are {@link Anonymous}. */
  readonly caller: Caller | undefined;
  /** The requested operation. */
  readonly operation: Operation;
  /** A frozen copy of the arguments, validated by the tool's `input`. */
  readonly arguments: unknown;
}

/** A rule of the application about calls, as an injectable class. If it throws, the call fails. */
export interface Policy {
  /**
   * Decides about a call. Runs after the scope check has passed, and again if pipes, guards or interceptors change the
   * arguments.
   *
   * @param request - the caller, the operation and the arguments
   * @returns `true` to allow the call, `false` or a {@link Denial} to deny it. Anything else denies it, too. A promise
   *   has `timeoutMs` of the call, or 10 000 milliseconds where it has none. After that the call fails
   */
  permits(request: PolicyRequest): boolean | Denial | Promise<boolean | Denial>;
}

/**
 * Whether the caller can still obtain access after a denial: `available`, `unavailable`, or `undisclosed` (SEP-2643,
 * Structured Authorization Denials).
 */
export type Remediation = 'available' | 'unavailable' | 'undisclosed';

/** A denial by a policy, with the information that the model and its user may see. */
export class Denial {
  /**
   * @param message - shown verbatim to the model and its user
   * @param remediation - whether the caller can obtain access. Defaults to `undisclosed`
   * @param hints - how to obtain access: `remediationHints` of SEP-2643
   */
  constructor(
    /** Shown verbatim to the model and its user. */
    readonly message: string,
    /** Whether the caller can obtain access. */
    readonly remediation: Remediation = 'undisclosed',
    /** How to obtain access: `remediationHints` of SEP-2643. */
    readonly hints: readonly Readonly<Record<string, unknown>>[] = [],
  ) {}
}
