import { randomUUID } from 'node:crypto';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';

type Deliver = (message: JSONRPCMessage) => void;

interface Waiting {
  readonly party: string;
  readonly deliver: Deliver;
}

/**
 * Calls and questions that are under way with clients of the revisions before 2026-07-28, which answer, and cancel, by
 * requests of their own.
 */
export class OpenExchanges {
  readonly #questions = new Map<string, Waiting>();
  readonly #calls = new Map<string, Deliver>();

  /** @returns the id that a question goes by, unlike any other's */
  expect(party: string, deliver: Deliver): string {
    const id = randomUUID();
    this.#questions.set(id, { party, deliver });
    return id;
  }

  /** Nobody waits for the answer any more. */
  forget(id: string): void {
    this.#questions.delete(id);
  }

  /** Takes note of a call that can be cancelled. */
  begin(party: string, requestId: unknown, deliver: Deliver): () => void {
    const key = toKey(party, requestId);
    this.#calls.set(key, deliver);
    return () => {
      if (this.#calls.get(key) === deliver) this.#calls.delete(key);
    };
  }

  /**
   * Hands on what a client answers to a question.
   *
   * @returns whether the question was asked here, of this party
   */
  answer(party: string, message: JSONRPCMessage & { readonly id: string | number }): boolean {
    const id = String(message.id);
    const waiting = this.#questions.get(id);
    if (waiting?.party !== party) return false;
    this.#questions.delete(id);
    waiting.deliver(message);
    return true;
  }

  /**
   * Hands on that a client gives a call up.
   *
   * @returns whether the call runs here, for this party
   */
  cancel(party: string, message: JSONRPCMessage): boolean {
    const { params } = message as { params?: { requestId?: unknown } };
    const deliver = this.#calls.get(toKey(party, params?.requestId));
    deliver?.(message);
    return deliver !== undefined;
  }
}

function toKey(party: string, requestId: unknown): string {
  return `${JSON.stringify(requestId ?? null)} ${party}`;
}
