import { Injectable } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { Stopwatch } from '../../time/stopwatch.js';
import { waitFor } from '../../time/time-limit.js';
import { CallerLimits } from '../../limits/caller-limits.js';
import { measureText } from '../../limits/fair-cache.js';
import { STREAM_SIZE } from '../../limits/quantity.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { MAX_BACKLOG } from '../direct/event-stream.js';
import { encodeFarewell } from '../direct/subscription-messages.js';
import { encodeFrame } from '../notifications/encoded-event.js';
import { OpenStreams } from './open-streams.js';
import { relay } from './relayed-response.js';

/**
 * Milliseconds. HAProxy asks every two seconds by default, and takes a server out after three answers; the time that calls
 * have comes on top, and common orchestrators give half a minute in all.
 */
const BALANCER_GRACE = 10_000;

/** Milliseconds within which a balancer has asked for readiness, if there is one. */
const WATCHED = 60_000;

/**
 * Tracks requests and open streams. When the application stops, answers first ask clients to close their connections; then
 * nothing new is taken, streams are closed, and calls may finish.
 */
@Injectable()
export class InFlight {
  readonly #responses = new Set<ServerResponse>();
  #isEmpty: (() => void) | undefined;
  #busy = new Set<Socket>();
  #phase: 'open' | 'leaving' | 'closed' = 'open';
  /** Since somebody has asked whether the server is ready. */
  #readinessAsked: Stopwatch | undefined;
  /** Settles when the application may stop. */
  drained: Promise<void> | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly limits: CallerLimits,
    private readonly streams: OpenStreams,
  ) {}

  /** Whether the application is about to stop, for somebody who asks whether it is ready. */
  askReadiness(): { readonly isStopping: boolean } {
    this.#readinessAsked = new Stopwatch();
    return { isStopping: this.#phase !== 'open' };
  }

  /**
   * Milliseconds for which balancers have time to learn that the server is not ready.
   *
   * @param isSignalled - whether a signal stops the process
   */
  computeGrace(isSignalled: boolean): number {
    const isWatched = this.#readinessAsked !== undefined && this.#readinessAsked.elapsed < WATCHED;
    return this.options.balancerGraceMs ?? (isSignalled && isWatched ? BALANCER_GRACE : 0);
  }

  /**
   * Counts a request, until {@link dismiss} is called with its response.
   *
   * @returns whether it may be served: `false` once nothing new is taken
   */
  admit(response: ServerResponse): boolean {
    const isExpected = this.#busy.delete(response.req.socket);
    if (this.#phase === 'closed' && !isExpected) return false;
    if (this.#phase !== 'open') response.shouldKeepAlive = false;
    this.#responses.add(response);
    return true;
  }

  /** Called when a response is complete, or its connection is lost. */
  dismiss(response: ServerResponse): void {
    if (this.#responses.delete(response) && this.#responses.size === 0) this.#isEmpty?.();
  }

  /**
   * From now on the server is not ready, and each answer is the last one of its connection. Requests are still served.
   *
   * @param busy - gets the connections whose answers have begun, and so cannot say that they are the last ones. One more
   *   request of each is served, whenever it comes
   */
  leave(busy: Set<Socket>): void {
    this.#phase = 'leaving';
    this.#busy = busy;
    for (const response of this.#responses) {
      if (response.headersSent && response.shouldKeepAlive) busy.add(response.req.socket);
      response.shouldKeepAlive = false;
    }
  }

  /**
   * Counts an open stream, and the resources that it listens to. Ends it when the application stops, when the caller's
   * token expires or is revoked, when it has to make room for one of another caller, and when its client does not read it.
   *
   * @param listen - the message that opened it, and is answered at the end
   * @throws LimitError if the caller, or all callers together, have too many
   */
  holdStream(response: Response, caller: Caller | undefined, listen: unknown): Response {
    if (!response.body) return response;
    let stop: () => void = () => undefined;
    let release: () => void = () => undefined;
    const giveBack = this.takeStream(caller, readUris(listen), () => {
      stop();
    });
    return relay(response, {
      maxUnread: MAX_BACKLOG,
      // A subscription must not outlive the token.
      endsAt: caller?.acceptedUntilMs,
      onStart: (end) => {
        stop = () => {
          end(Buffer.from(encodeFrame(encodeFarewell(readId(listen)))));
        };
        release = this.streams.add(caller, true, stop);
      },
      onOver: () => {
        release();
        giveBack();
      },
    });
  }

  /**
   * Counts an open stream.
   *
   * @param uris - the resources that it listens to
   * @param onDisplaced - called when it has to make room for one of another caller
   * @returns a function to call once the stream is over
   * @throws LimitError if the caller, or all callers together, have too many
   */
  takeStream(caller: Caller | undefined, uris: readonly string[], onDisplaced: () => void): () => void {
    const stream = this.limits.of('streams').take(caller, { bytes: STREAM_SIZE, onDisplaced });
    if (uris.length === 0)
      return () => {
        stream.release();
      };
    try {
      const size = { count: uris.length, bytes: measureText(...uris) };
      const subscriptions = this.limits.of('subscriptions').take(caller, size);
      return () => {
        stream.release();
        subscriptions.release();
      };
    } catch (error) {
      stream.release();
      throw error;
    }
  }

  /**
   * Stops accepting requests, ends the streams and waits for calls, at most `calls.shutdownGraceMs` of the options.
   *
   * @param hurry - ends the waiting
   */
  async drain(hurry: AbortSignal): Promise<void> {
    this.#phase = 'closed';
    this.streams.endEndless();
    if (this.#responses.size === 0 || hurry.aborted) return;
    const empty = new Promise<void>((resolve) => {
      this.#isEmpty = resolve;
      hurry.addEventListener('abort', () => {
        resolve();
      });
    });
    const late = () => new Error('Calls are still running');
    await waitFor(empty, this.options.shutdownGraceMs, late).catch(() => undefined);
  }
}

/**
 * Closes the connection of a stream with the stream. A server that stops ends its streams, and a proxy must not send the
 * next request to it.
 */
export function keepNoConnection(response: ServerResponse): void {
  response.shouldKeepAlive = false;
}

function readId(listen: unknown): string | number {
  return (listen as { readonly id: string | number }).id;
}

/** The resources that a `subscriptions/listen` names. */
function readUris(listen: unknown): readonly string[] {
  const { params } = (listen ?? {}) as { params?: { notifications?: { resourceSubscriptions?: unknown } } };
  const uris = params?.notifications?.resourceSubscriptions;
  return Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : [];
}
