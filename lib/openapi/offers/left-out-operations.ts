import type { OperationIdentity } from '../operations/api-operation.js';
import type { FaultyOperation } from '../operations/list-operations.js';

/** Operations that one line names. */
const MAX_NAMED = 5;

/** The operations of a document that were chosen, and cannot be offered. */
export class LeftOutOperations {
  /** By what is wrong. */
  readonly #operations = new Map<string, OperationIdentity[]>();

  constructor(faulty: readonly FaultyOperation[]) {
    for (const { operation, problem } of faulty) {
      const known = this.#operations.get(problem.message);
      if (known) known.push(operation);
      else this.#operations.set(problem.message, [operation]);
    }
  }

  /**
   * Lines for the log.
   *
   * @param place - the declaration
   */
  listLines(place: string): readonly string[] {
    return this.#describe((named, message) => `${place} leaves out ${named}: ${message}.`);
  }

  /** What stops the boot under `strict`. */
  listProblems(place: string): readonly string[] {
    return this.#describe(
      (named, message) =>
        `\`strict\` of ${place}: ${named} cannot be offered: ${message}. Mend it, or leave it out with \`exclude\`.`,
    );
  }

  /** Each of them, with the reason. */
  list(): readonly string[] {
    return this.#describe((named, message) => `${named} (${message})`);
  }

  #describe(say: (named: string, message: string) => string): readonly string[] {
    return [...this.#operations].map(([message, operations]) => say(nameSome(operations), message));
  }
}

function nameSome(operations: readonly OperationIdentity[]): string {
  const others = operations.length > MAX_NAMED ? ` and ${operations.length - MAX_NAMED} more` : '';
  return `${operations.slice(0, MAX_NAMED).map(describe).join(', ')}${others}`;
}

/** The method of a path that is faulty as a whole is `*`. */
function describe({ method, path }: OperationIdentity): string {
  return method === '*' ? path : `${method} ${path}`;
}
