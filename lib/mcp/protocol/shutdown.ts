import { Server } from 'node:net';
import process from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { Server as HttpServer, ServerResponse } from 'node:http';
import { selectServers } from '../../servers/application-servers.js';
import { InFlight } from './in-flight.js';

/** Signals with which processes are stopped. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const;

/** Milliseconds in which requests still come on connections that were made before the listener closed. */
const ON_THEIR_WAY = 300;

/**
 * Stops the servers of an application so that no request is lost: the server is not ready any more, balancers have time to
 * learn that, no connection is accepted, nothing new is taken, streams end, calls finish. Nest closes the rest.
 */
@Injectable()
export class Shutdown implements OnApplicationBootstrap {
  #isSignalled = false;
  readonly #onSignal = () => {
    this.#isSignalled = true;
  };

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly modules: ModulesContainer,
  ) {}

  /** Called by Nest. Only what Nest does on a signal, `enableShutdownHooks()`, leads here; the signal is not handled. */
  onApplicationBootstrap(): void {
    for (const signal of SIGNALS) if (process.listenerCount(signal) > 0) process.once(signal, this.#onSignal);
  }

  /** Stops all servers of the application at once. Nest asks one module after the other. */
  async run(): Promise<void> {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
    const servers = selectServers(this.modules, InFlight, {}, 'Shutdown');
    const open = servers.filter(({ drained }) => !drained);
    const stopping = open.length > 0 ? this.#stop(open) : undefined;
    for (const server of open) server.drained = stopping;
    for (const { drained } of servers) await drained;
  }

  async #stop(servers: readonly InFlight[]): Promise<void> {
    for (const server of servers) server.leave();
    const listener = this.#findListener();
    const grace = Math.max(0, ...servers.map((server) => server.computeGrace(this.#isSignalled)));
    const closeAfterAnswer = (_request: unknown, response: ServerResponse) => {
      response.shouldKeepAlive = false;
    };
    listener?.prependListener('request', closeAfterAnswer);
    if (grace > 0) await pass(grace);
    if (listener && (grace > 0 || this.#isSignalled)) await stopListening(listener);
    await Promise.all(servers.map((server) => server.drain()));
  }

  #findListener(): HttpServer | undefined {
    // An application context has no adapter, for example one that serves stdio.
    const adapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | null;
    const server: unknown = adapter?.getHttpServer();
    return server instanceof Server && server.listening ? (server as HttpServer) : undefined;
  }
}

/**
 * Accepts no more connections. A proxy that knows nothing of readiness, such as nginx, asks another server when a
 * connection is refused, and would pass on a 503. Requests on connections that are there already are still served, for a
 * moment: they may be on their way.
 */
async function stopListening(server: HttpServer): Promise<void> {
  // Right after the event loop has accepted what waits: the rest would be reset.
  await nextTurn();
  // `close` of HTTP servers closes idle connections besides, on which a request may be on its way.
  Server.prototype.close.call(server);
  await pass(ON_THEIR_WAY);
  server.closeIdleConnections();
}

function pass(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
