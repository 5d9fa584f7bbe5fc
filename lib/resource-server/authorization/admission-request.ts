import type { Caller } from '../access/caller.js';
import type { Operation } from '../access/operation.js';
import type { Found } from '../catalogue/found.js';
import type { Offer, Primitive } from '../catalogue/primitive.js';

/** A request to be authorized. */
export interface AdmissionRequest<One extends Offer = Primitive> {
  /** `undefined` for a request without a token. */
  readonly caller: Caller | undefined;
  readonly operation: Operation | undefined;
  /** The target of the operation, if it exists. */
  readonly found: Found<One> | undefined;
  /** The JSON-RPC message. */
  readonly body: unknown;
  /**
   * The operation that rules and policies judge, if it is a different one. For a task, it is the call that started the
   * task. For a subscription, it is the read.
   */
  readonly judgedAs?: { readonly operation: Operation; readonly body: unknown };
  /**
   * What pipes, guards and interceptors made of the arguments, if the call has run already. It is judged, too.
   */
  readonly readings?: readonly unknown[] | undefined;
  /** For a companion, or one item of it: the arguments that are known. Others may be missing. */
  readonly known?: Readonly<Record<string, string>>;
  /** Whether the items that a companion tells are authorized one by one, so that undecided rules do not refuse it. */
  readonly areItemsSelected?: boolean;
}
