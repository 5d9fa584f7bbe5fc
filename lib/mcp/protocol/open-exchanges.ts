import { randomUUID } from 'node:crypto';
import type { Lease } from '../../limits/lease.js';
import type { Shares } from '../../limits/shares.js';
import type { Holder } from '../../limits/tally.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import type { Caller } from '../../resource-server/access/caller.js';
import type { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import { deriveKey } from '../../replicas/composite-key.js';

type Deliver = (message: JSONRPCMessage) => void;

/**
 * Authorizes an answer.
 *
 * @returns why the caller may not answer
 */
export type AdmitAnswer = (caller: Caller | undefined) => Promise<AccessDeniedError | undefined>;

interface Waiting {
  readonly party: string;
  readonly admit: AdmitAnswer;
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
   * @param admit - authorizes the answer, which comes with a token of its own
   * @returns the unique id of a question
   * @throws LimitError if too many questions wait for an answer
   */
  expect(party: string, holder: Holder | undefined, admit: AdmitAnswer, deliver: Deliver): string {
    const id = randomUUID();
    this.#questions.set(id, { party, admit, deliver, lease: this.shares.take(holder) });
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
   * @param caller - whose token the answer came with
   * @returns why the caller may not answer, or whether this process asked this party the question
   */
  async answer(
    party: string,
    message: JSONRPCMessage & { readonly id: string | number },
    caller: Caller | undefined,
  ): Promise<'delivered' | 'unknown' | AccessDeniedError> {
    const id = String(message.id);
    const waiting = this.#questions.get(id);
    if (waiting?.party !== party) return 'unknown';
    const denied = await waiting.admit(caller);
    if (denied) return denied;
    // Meanwhile another answer may have come.
    if (this.#questions.get(id) !== waiting) return 'unknown';
    this.forget(id);
    waiting.deliver(message);
    return 'delivered';
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
