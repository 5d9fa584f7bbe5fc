import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { waitFor } from '../../time/time-limit.js';
import { relay } from './relayed-response.js';

/** Tracks requests and open streams. When the application stops, calls may finish and streams are closed. */
@Injectable()
export class InFlight {
  readonly #streams = new Set<() => void>();
  #running = 0;
  #stopped: (() => void) | undefined;
  #stopping = false;

  constructor(private readonly options: ResolvedOptions) {}

  /**
   * Counts a request until its response is complete.
   *
   * @throws ServiceUnavailableException once the application stops
   */
  enter(response: ServerResponse): void {
    this.admit();
    this.#running += 1;
    response.once('close', () => {
      this.#running -= 1;
      if (this.#running === 0) this.#stopped?.();
    });
  }

  /** @throws ServiceUnavailableException once the application stops */
  admit(): void {
    if (this.#stopping) throw new ServiceUnavailableException('The server is stopping. Try again');
  }

  /**
   * Returns a response whose body ends when the application stops.
   *
   * @param farewell - the last piece of the body in that case
   */
  endWhenStopped(response: Response, farewell = ''): Response {
    let stop: () => void = () => undefined;
    return relay(response, {
      onStart: (end) => {
        stop = () => {
          end(farewell === '' ? undefined : new TextEncoder().encode(farewell));
        };
        this.#streams.add(stop);
      },
      onOver: () => this.#streams.delete(stop),
    });
  }

  /** Stops accepting requests, ends the streams and waits for calls, at most `calls.shutdownGraceMs` of the options. */
  async drain(): Promise<void> {
    this.#stopping = true;
    for (const end of [...this.#streams]) end();
    if (this.#running === 0) return;
    const stopped = new Promise<void>((resolve) => (this.#stopped = resolve));
    const late = () => new Error('Calls are still running');
    await waitFor(stopped, this.options.shutdownGraceMs, late).catch(() => undefined);
  }
}
