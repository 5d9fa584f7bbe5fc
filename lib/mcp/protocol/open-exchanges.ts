import { randomUUID } from 'node:crypto';
import type { Lease } from '../../limits/lease.js';
import type { Shares } from '../../limits/shares.js';
import type { Holder } from '../../limits/tally.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { deriveKey } from '../../replicas/composite-key.js';

type Deliver = (message: JSONRPCMessage) => void;

interface Waiting {
  readonly party: string;
  readonly deliver: Deliver;
  readonly lease: Lease;
}

/**
 * Calls and questions that are pending with clients before 2026-07-28. Such clients answer and cancel in requests of
 * their own.
 */
export class OpenExchanges {
  readonly #questions = new Map<string, Waiting>();
  readonly #calls = new Map<string, Deliver>();

  /** @param shares - of open questions */
  constructor(private readonly shares: Shares) {}

  /**
   * @param holder - who is asked
   * @returns the unique id of a question
   * @throws LimitError if too many questions wait for an answer
   */
  expect(party: string, holder: Holder | undefined, deliver: Deliver): string {
    const id = randomUUID();
    this.#questions.set(id, { party, deliver, lease: this.shares.take(holder) });
    return id;
  }

  /** Drops a question that no longer waits for an answer. */
  forget(id: string): void {
    this.#questions.get(id)?.lease.release();
    this.#questions.delete(id);
  }

  /** Registers a call that the client can cancel. */
  begin(party: string, requestId: unknown, deliver: Deliver): () => void {
    const key = toKey(party, requestId);
    this.#calls.set(key, deliver);
    return () => {
      if (this.#calls.get(key) === deliver) this.#calls.delete(key);
    };
  }

  /**
   * Delivers a client's answer to a question.
   *
   * @returns whether this process asked this party the question
   */
  answer(party: string, message: JSONRPCMessage & { readonly id: string | number }): boolean {
    const id = String(message.id);
    const waiting = this.#questions.get(id);
    if (waiting?.party !== party) return false;
    this.forget(id);
    waiting.deliver(message);
    return true;
  }

  /**
   * Delivers a client's cancellation of a call.
   *
   * @returns whether the call runs in this process for this party
   */
  cancel(party: string, message: JSONRPCMessage): boolean {
    const { params } = message as { params?: { requestId?: unknown } };
    const deliver = this.#calls.get(toKey(party, params?.requestId));
    deliver?.(message);
    return deliver !== undefined;
  }
}

function toKey(party: string, requestId: unknown): string {
  // 1 and "1" are different ids (JSON-RPC 2.0 section 4).
  return deriveKey('call', party, JSON.stringify(requestId ?? null));
}
