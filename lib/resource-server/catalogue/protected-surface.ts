import type { Operation } from '../access/operation.js';
import type { Found } from './found.js';
import type { Offer } from './primitive.js';

/** What the guards of one endpoint protect: the primitives of this package, or the rules for those of another server. */
export interface ProtectedSurface {
  /**
   * Finds what an operation is about, if there is such a thing.
   *
   * @param body - the JSON-RPC message
   */
  find(operation: Operation, body: unknown): Found<Offer> | undefined;
  /** The scopes that a client should start with. */
  readonly initialScopes: readonly string[];
  /** Whether there is anything to call without a token. */
  readonly hasAnonymous: boolean;
}
