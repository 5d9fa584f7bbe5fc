import { Injectable } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { SUBSCRIPTION_ID_META_KEY } from '@modelcontextprotocol/server';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { waitFor } from '../../time/time-limit.js';
import { CallerLimits } from '../../limits/caller-limits.js';
import { measureText } from '../../limits/fair-cache.js';
import { STREAM_SIZE } from '../../limits/quantity.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { OpenStreams } from './open-streams.js';
import { limitBacklog, relay } from './relayed-response.js';

/** Bytes that may wait for a client to read them. */
const MAX_BACKLOG = 256 * 1024;

/** Tracks requests and open streams. When the application stops, calls may finish and streams are closed. */
@Injectable()
export class InFlight {
  #running = 0;
  #stopped: (() => void) | undefined;
  #stopping = false;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly limits: CallerLimits,
    private readonly streams: OpenStreams,
  ) {}

  /**
   * Counts a request until its response is complete.
   *
   * @returns whether it may be served: `false` once the application stops
   */
  admit(response: ServerResponse): boolean {
    if (this.#stopping) return false;
    this.#running += 1;
    response.once('close', () => {
      this.#running -= 1;
      if (this.#running === 0) this.#stopped?.();
    });
    return true;
  }

  /**
   * Counts an open stream, and the resources that it listens to. Ends it when the application stops, when the caller's
   * token is revoked, when it has to make room for one of another caller, and when its client does not read it.
   *
   * @param listen - the message that opened it, if it gets an answer at the end
   * @throws LimitError if the caller, or all callers together, have too many
   */
  holdStream(response: Response, caller: Caller | undefined, listen?: unknown): Response {
    if (!response.body) return response;
    let stop: () => void = () => undefined;
    let release: () => void = () => undefined;
    const onDisplaced = () => {
      stop();
    };
    const leases = [this.limits.of('streams').take(caller, { bytes: STREAM_SIZE, onDisplaced })];
    const uris = readUris(listen);
    try {
      const size = { count: uris.length, bytes: measureText(...uris) };
      if (uris.length > 0) leases.push(this.limits.of('subscriptions').take(caller, size));
    } catch (error) {
      for (const lease of leases) lease.release();
      throw error;
    }
    return relay(limitBacklog(response, MAX_BACKLOG), {
      onStart: (end) => {
        stop = () => {
          end(listen === undefined ? undefined : new TextEncoder().encode(buildFarewell(listen)));
        };
        release = this.streams.add(caller, true, stop);
      },
      onOver: () => {
        release();
        for (const lease of leases) lease.release();
      },
    });
  }

  /** Stops accepting requests, ends the streams and waits for calls, at most `calls.shutdownGraceMs` of the options. */
  async drain(): Promise<void> {
    this.#stopping = true;
    this.streams.endEndless();
    if (this.#running === 0) return;
    const stopped = new Promise<void>((resolve) => (this.#stopped = resolve));
    const late = () => new Error('Calls are still running');
    await waitFor(stopped, this.options.shutdownGraceMs, late).catch(() => undefined);
  }
}

/** The message that ends a subscription without an error (MCP specification 2026-07-28, Subscriptions). */
function buildFarewell(listen: unknown): string {
  const { id } = listen as { id: string | number };
  const result = { resultType: 'complete', _meta: { [SUBSCRIPTION_ID_META_KEY]: id } };
  return `event: message\ndata: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`;
}

/** The resources that a `subscriptions/listen` names. */
function readUris(listen: unknown): readonly string[] {
  const { params } = (listen ?? {}) as { params?: { notifications?: { resourceSubscriptions?: unknown } } };
  const uris = params?.notifications?.resourceSubscriptions;
  return Array.isArray(uris) ? uris.filter((uri) => typeof uri === 'string') : [];
}
