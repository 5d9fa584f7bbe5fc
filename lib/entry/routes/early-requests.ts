import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CleanLogger } from '../../log/clean-logger.js';

/** The part of a Fastify instance that is used here. */
interface Fastify {
  readonly server: Server;
  routing: RequestListener;
  addHook(name: 'onReady', hook: (done: () => void) => void): void;
}

/** Whose requests are held back already: an application may have several servers. */
const heldBack = new WeakSet<Fastify>();

/**
 * Answers what comes while the application boots: 503 with `Retry-After` (RFC 9110 section 15.6.4). A server that the
 * application has made itself may listen by then. It is made before the options of the module are known, which may take
 * a while.
 */
@Injectable()
export class EarlyRequests implements OnApplicationBootstrap {
  readonly #logger = new CleanLogger('McpEndpoint');
  #isOurs: (request: IncomingMessage) => boolean = () => true;
  #isBooted = false;

  constructor(host: HttpAdapterHost) {
    host.init$.subscribe(() => {
      // An application context has none, for example one that serves stdio.
      const httpAdapter = host.httpAdapter as HttpAdapterHost['httpAdapter'] | null;
      if (httpAdapter?.getType() === 'fastify') this.#holdBack(httpAdapter.getInstance<Fastify>());
      else
        httpAdapter?.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
          if (this.#isBooted || !this.#isOurs(request)) next();
          else answer(response);
        });
    });
  }

  /**
   * Leaves other requests to the application from now on. Without this, nobody knows whose they are.
   *
   * @param isOurs - whether a request is for a path of the module
   */
  restrictTo(isOurs: (request: IncomingMessage) => boolean): void {
    this.#isOurs = isOurs;
  }

  /** Called by Nest when the routes are there. */
  onApplicationBootstrap(): void {
    this.#isBooted = true;
  }

  /** Fastify fails with a request that comes before it is ready, whatever the path, and the process ends. */
  #holdBack(fastify: Fastify): void {
    if (heldBack.has(fastify)) return;
    heldBack.add(fastify);
    const { server, routing } = fastify;
    const listeners = server.listeners('request') as RequestListener[];
    const answerEarly: RequestListener = (_request, response) => {
      if (this.#isBooted) this.#tellOfMissingReady();
      answer(response);
    };
    server.removeAllListeners('request').on('request', answerEarly);
    fastify.routing = answerEarly;
    fastify.addHook('onReady', (done) => {
      server.removeListener('request', answerEarly);
      for (const listener of listeners) server.on('request', listener);
      fastify.routing = routing;
      done();
    });
  }

  #tellOfMissingReady(): void {
    this.#logger.sum(
      'warn',
      'before Fastify is ready',
      'A request came before Fastify was ready, and was answered 503. After `app.init()`, await `app.getHttpAdapter().getInstance().ready()` before you hand requests on, or use `app.listen()`',
    );
  }
}

function answer(response: ServerResponse): void {
  response
    .writeHead(503, { 'Retry-After': '1', 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' })
    .end();
}
