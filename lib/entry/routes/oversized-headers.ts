import { maxHeaderSize } from 'node:http';
import type { Server } from 'node:net';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CleanLogger } from '../../log/clean-logger.js';

/** A server of Node. Its own limit, in bytes, is there if it was given one. */
type HttpServer = Server & { readonly maxHeaderSize?: number };

/** Whose connections are watched already: an application may have several servers. */
const watched = new WeakSet<Server>();

/**
 * Tells the operator of requests whose headers are larger than Node takes. Node answers them itself (431), and nobody else
 * sees them. Tokens with many groups or roles get there.
 */
@Injectable()
export class OversizedHeaders implements OnApplicationBootstrap {
  readonly #logger = new CleanLogger('McpEndpoint');

  constructor(private readonly host: HttpAdapterHost) {}

  /** Called by Nest when the server is there. */
  onApplicationBootstrap(): void {
    // An application context has no server, for example one that serves stdio.
    const httpAdapter = this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | null;
    const server = httpAdapter?.getHttpServer() as HttpServer | undefined;
    if (server === undefined || watched.has(server)) return;
    watched.add(server);
    // A listener for `clientError` would have to answer in Node's place.
    const tell = (error: NodeJS.ErrnoException) => {
      if (error.code === 'HPE_HEADER_OVERFLOW') this.#tell(server.maxHeaderSize ?? maxHeaderSize);
    };
    for (const event of ['connection', 'secureConnection'])
      server.on(event, (socket: NodeJS.EventEmitter) => {
        socket.once('error', tell);
      });
  }

  #tell(limit: number): void {
    this.#logger.sum(
      'warn',
      'oversized headers',
      `A request was refused (431), because its headers are larger than the ${limit} bytes that Node takes. Its token may be large. Raise the limit with \`node --max-http-header-size=65536\`, or on Fastify with \`http: { maxHeaderSize: 65536 }\`, or have the issuer put less into tokens`,
    );
  }
}
