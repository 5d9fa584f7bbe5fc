import { Injectable } from '@nestjs/common';
import type { Caller } from '../../resource-server/access/caller.js';
import { Revocations } from '../../resource-server/authentication/revocations.js';
import { MAX_UNREAD } from '../direct/event-stream.js';
import { runAt } from './run-at.js';
import { relay } from './relayed-response.js';

interface OpenStream {
  readonly caller: Caller | undefined;
  readonly isEndless: boolean;
  readonly end: () => void;
}

/** Knows for whom streams are open. Ends those of a caller whose tokens are revoked. */
@Injectable()
export class OpenStreams {
  readonly #open = new Set<OpenStream>();

  constructor(revocations: Revocations) {
    revocations.onRevoked((_revocation, isMeant) => {
      for (const { caller, end } of [...this.#open]) if (caller && isMeant(caller)) end();
    });
  }

  /**
   * Remembers a stream.
   *
   * @param isEndless - whether it is for events to come. Otherwise it is the answer of a running call
   * @param end - ends the stream
   * @returns a function to call once the stream is over
   */
  add(caller: Caller | undefined, isEndless: boolean, end: () => void): () => void {
    const stream = { caller, isEndless, end };
    this.#open.add(stream);
    return () => this.#open.delete(stream);
  }

  /**
   * Remembers an answer that another server writes. If it is endless, it ends when the token expires, too.
   *
   * @param end - closes the connection
   * @returns a function to call once the answer is over
   */
  addForeign(caller: Caller | undefined, isEndless: boolean, end: () => void): () => void {
    const release = this.add(caller, isEndless, end);
    const stop = caller && isEndless ? runAt(caller.acceptedUntilMs, end) : undefined;
    return () => {
      stop?.();
      release();
    };
  }

  /**
   * Returns a response that a running call writes to. Its body ends when the caller's token is revoked, and when the
   * client reads so little that much of it waits. The call is cancelled then.
   */
  holdAnswer(response: Response, caller: Caller | undefined): Response {
    let release: () => void = () => undefined;
    return relay(response, {
      maxUnread: MAX_UNREAD,
      onStart: (end) => {
        if (caller) release = this.add(caller, false, end);
      },
      onOver: () => {
        release();
      },
    });
  }

  /** Ends the streams that would not end by themselves. */
  endEndless(): void {
    for (const { isEndless, end } of [...this.#open]) if (isEndless) end();
  }
}
