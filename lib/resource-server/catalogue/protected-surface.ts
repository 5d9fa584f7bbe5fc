import type { Operation } from '../access/operation.js';
import type { Offer } from './primitive.js';

/** What the guards of one endpoint protect: the primitives of this package, or those of another server. */
export interface ProtectedSurface {
  /**
   * Reads what a JSON-RPC message asks for.
   *
   * @returns `undefined` if it is neither a request nor a notification
   */
  read(body: unknown): Operation | undefined;
  /**
   * Finds what an operation names, as it is spelled. This is cheap, so that it can be asked before a token is verified.
   * It decides nothing: a challenge asks for the scopes of what it finds.
   *
   * @param body - the JSON-RPC message
   */
  findSpelled(operation: Operation, body: unknown): Offer | undefined;
  /** The scopes that a client should start with. */
  readonly initialScopes: readonly string[];
  /** Whether anything can be called without a token. */
  readonly hasAnonymous: boolean;
}
