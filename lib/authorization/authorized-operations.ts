import type { Caller } from '../authentication/caller.js';
import type { Operation } from '../catalogue/operation.js';

/** Leave to run certain operations for a certain caller. Only {@link authorize} makes one. */
export class AuthorizedOperations {
  readonly #operations: readonly Operation[];

  private constructor(
    readonly caller: Caller | undefined,
    operations: readonly Operation[],
  ) {
    this.#operations = operations;
  }

  /** Whether the tool of this name may be called. */
  permitsTool(name: string): boolean {
    return this.#operations.some((operation) => operation.method === 'tools/call' && operation.name === name);
  }

  /**
   * Gives leave where the caller has all scopes needed.
   *
   * @param caller - `undefined` where nobody has to say who they are
   * @returns `undefined` where a scope is missing
   */
  static authorize(
    caller: Caller | undefined,
    operations: readonly Operation[],
    scopesNeeded: readonly string[],
  ): AuthorizedOperations | undefined {
    return holdsAll(caller, scopesNeeded) ? new AuthorizedOperations(caller, operations) : undefined;
  }
}

/** Whether the caller holds all of the scopes. */
export function holdsAll(caller: Caller | undefined, scopes: readonly string[]): boolean {
  return scopes.every((scope) => caller?.scopes.includes(scope));
}
