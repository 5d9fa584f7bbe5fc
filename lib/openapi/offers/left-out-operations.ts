import type { CleanLogger } from '../../log/clean-logger.js';
import type { OperationIdentity } from '../operations/api-operation.js';
import type { FaultyOperation } from '../operations/list-operations.js';

/** Operations that one line names. */
const MAX_NAMED = 5;

/** The operations of a document that were chosen, and cannot be offered. */
export class LeftOutOperations {
  /** By what is wrong. */
  readonly #operations = new Map<string, OperationIdentity[]>();

  constructor(faulty: readonly FaultyOperation[]) {
    for (const one of faulty) this.add(one);
  }

  add({ operation, problem: { message } }: FaultyOperation): void {
    const known = this.#operations.get(message);
    if (known) known.push(operation);
    else this.#operations.set(message, [operation]);
  }

  /**
   * Says what is left out: in the log, or as problems that stop the boot.
   *
   * @param place - the declaration
   * @param problems - receives them. `undefined` if they are for the log
   */
  report(place: string, logger: CleanLogger, problems: string[] | undefined): void {
    for (const [message, operations] of this.#operations) {
      const named = operations.slice(0, MAX_NAMED).map(describe).join(', ');
      const others = operations.length > MAX_NAMED ? ` and ${operations.length - MAX_NAMED} more` : '';
      if (problems)
        problems.push(
          `\`strict\` of ${place}: ${named}${others} cannot be offered: ${message}. Mend it, or leave it out with \`exclude\`.`,
        );
      else logger.warn(`${place} leaves out ${named}${others}: ${message}.`);
    }
  }
}

/** The method of a path that is faulty as a whole is `*`. */
function describe({ method, path }: OperationIdentity): string {
  return method === '*' ? path : `${method} ${path}`;
}
