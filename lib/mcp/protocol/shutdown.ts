import { Server, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import type { Server as HttpServer, ServerResponse } from 'node:http';
import { selectServers } from '../../servers/application-servers.js';
import { InFlight } from './in-flight.js';
import { StopSignals } from './stop-signals.js';

/** Milliseconds in which requests still come on connections that were made before the listener closed. */
const ON_THEIR_WAY = 300;

/** Milliseconds that a turn of the event loop takes in which nothing happens, and how long one is waited for. */
const QUIET_TURN = 0.03;
const LONGEST_WAIT = 500;

/**
 * Stops the servers of an application so that no request is lost: the server is not ready any more, balancers have time to
 * learn that, no connection is accepted, nothing new is taken, streams end, calls finish. Nest closes the rest.
 */
@Injectable()
export class Shutdown implements OnApplicationBootstrap {
  readonly #signals = new StopSignals();
  /** Ends the waiting. */
  readonly #hurry = new AbortController();

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly modules: ModulesContainer,
  ) {}

  /** Called by Nest. Only what handles a signal, such as `enableShutdownHooks()` of Nest, leads to {@link run}. */
  onApplicationBootstrap(): void {
    this.#signals.watch();
  }

  /** Stops all servers of the application at once. Nest asks one module after the other. */
  async run(): Promise<void> {
    this.#signals.onSecond(() => {
      this.#hurry.abort();
    });
    const servers = selectServers(this.modules, InFlight, {}, 'Shutdown');
    const open = servers.filter(({ drained }) => !drained);
    const stopping = open.length > 0 ? this.#stop(open) : undefined;
    for (const server of open) server.drained = stopping;
    for (const { drained } of servers) await drained;
    this.#signals.end();
  }

  async #stop(servers: readonly InFlight[]): Promise<void> {
    const { isSignalled } = this.#signals;
    const { signal } = this.#hurry;
    const busy = new Set<Socket>();
    for (const server of servers) server.leave(busy);
    const listener = this.#findListener();
    const grace = Math.max(0, ...servers.map((server) => server.computeGrace(isSignalled)));
    listener?.prependListener('request', (_request, response: ServerResponse) => {
      response.shouldKeepAlive = false;
    });
    if (grace > 0) await pass(grace, signal);
    const isBalanced = grace > 0 || isSignalled;
    if (listener && isBalanced) await stopListening(listener, signal);
    await Promise.all(servers.map((server) => server.drain(signal)));
    if (!listener || !isBalanced || busy.size === 0) return;
    await closeIdleConnections(listener, signal);
    await Promise.all(servers.map((server) => server.drain(signal)));
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
async function stopListening(server: HttpServer, signal: AbortSignal): Promise<void> {
  await waitForQuietTurn();
  // `close` of HTTP servers closes idle connections besides, on which a request may be on its way.
  Server.prototype.close.call(server);
  await closeIdleConnections(server, signal);
}

/** Closes the connections on which no request is on its way. */
async function closeIdleConnections(server: HttpServer, signal: AbortSignal): Promise<void> {
  await pass(ON_THEIR_WAY, signal);
  // What has come by now is read first.
  await nextTurn();
  server.closeIdleConnections();
}

/**
 * Waits for a turn of the event loop in which nothing came. A connection that waits to be accepted when the listener closes
 * is reset, and its request is lost. Right after such a turn none waits.
 */
async function waitForQuietTurn(): Promise<void> {
  const start = performance.now();
  for (let before = start; ;) {
    await nextTurn();
    const now = performance.now();
    if (before !== start && (now - before < QUIET_TURN || now - start > LONGEST_WAIT)) return;
    before = now;
  }
}

/** @param signal - ends the waiting */
async function pass(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
