import type { Operation } from '../access/operation.js';
import type { Found } from './found.js';
import type { Offer } from './primitive.js';

/** What the guards of one endpoint protect: the primitives of this package, or those of another server. */
export interface ProtectedSurface {
  /**
   * Finds the target of an operation, if it exists.
   *
   * @param body - the JSON-RPC message
   */
  find(operation: Operation, body: unknown): Found<Offer> | undefined;
  /** The scopes that a client should start with. */
  readonly initialScopes: readonly string[];
  /** Whether anything can be called without a token. */
  readonly hasAnonymous: boolean;
}
