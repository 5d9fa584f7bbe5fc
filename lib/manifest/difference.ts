/** Codes of what can differ between two manifests. They are stable. */
export type DifferenceCode =
  | 'anonymous'
  | 'argument_added'
  | 'argument_changed'
  | 'argument_freed'
  | 'argument_removed'
  | 'definition_changed'
  | 'downstream_reached'
  | 'downstream_removed'
  | 'operation_added'
  | 'operation_removed'
  | 'renamed'
  | 'safeguard_added'
  | 'safeguard_dropped'
  | 'scope_reaches_more'
  | 'scopes_dropped'
  | 'scopes_narrowed'
  | 'withheld_changed'
  | 'write_reachable';

/** How one manifest differs from an earlier one. */
export interface Difference {
  readonly code: DifferenceCode;
  /** `opened`: somebody may do what nobody could before, or with less. */
  readonly kind: 'opened' | 'added' | 'removed' | 'changed';
  /** Name of the server, or of the downstream of a document. */
  readonly server: string;
  /** What it is about: `tool createOrder (POST /orders)`, or `scope orders:read`. */
  readonly subject: string;
  /** What is different, for a reviewer. */
  readonly message: string;
}
