import { listRuleScopes, type ScopeRule } from '../../resource-server/access/scope-rule.js';
import type { Fault } from '../../resource-server/catalogue/access-option-rules.js';
import type { OperationIdentity } from '../operations/api-operation.js';
import type { ChoiceOptions } from '../operations/choice-options.js';
import { matchesOperation } from '../operations/operation-choice.js';

/** Operations that a message names. */
const MAX_NAMED = 5;

/** The operations of a document that can be called without a token. Those that take scopes must not be among them. */
export class OpenOperations {
  readonly #secured = new Set<string>();

  /** @param isClassOpen - whether the class is {@link Anonymous} */
  constructor(
    private readonly isClassOpen: boolean,
    private readonly options: ChoiceOptions,
  ) {}

  /** Whether the options open an operation. That the class opens it is said by the class itself. */
  includes(operation: OperationIdentity): boolean {
    return [this.options.anonymous ?? []].flat().some((pattern) => matchesOperation(pattern, operation));
  }

  /** The scopes that callers of an operation need. */
  restrict(operation: OperationIdentity, scopes: ScopeRule | undefined): ScopeRule | undefined {
    if (!scopes || (!this.isClassOpen && !this.includes(operation))) return scopes;
    this.#secured.add(`${operation.method} ${operation.path} (${listRuleScopes(scopes).join(', ')})`);
    return undefined;
  }

  /** @param fault - receives the operations that are open and take scopes */
  check(fault: Fault): void {
    if (this.#secured.size === 0) return;
    const named = [...this.#secured].slice(0, MAX_NAMED).join(', ');
    const others = this.#secured.size > MAX_NAMED ? ` and ${this.#secured.size - MAX_NAMED} more` : '';
    const secured = `what takes scopes: ${named}${others}`;
    if (this.isClassOpen)
      fault(
        'anonymous',
        `has to name the open operations, because @Anonymous on the class opens ${secured}. Remove @Anonymous`,
      );
    else fault('anonymous', `opens ${secured}. Name only operations without scopes`);
  }
}
