import type { Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { originOf } from '../listen.js';
import { serveOpenApiDocument } from './openapi-document.js';
import { OrdersApiModule } from './orders-api.module.js';
import { emitRequestEvents, type RequestEvent } from './request-events.js';

export interface StartOrdersApiOptions {
  /** A server that listens already. */
  readonly server: Server;
  /** Of the access tokens. Defaults to the origin of the server. */
  readonly audience?: string;
  readonly issuer: string;
  readonly jwksUri: string;
  readonly onRequest?: (event: RequestEvent) => void;
}

/** The API that the organisation had before: it knows nothing of MCP, and checks access tokens by itself. */
export async function startOrdersApi(options: StartOrdersApiOptions): Promise<NestExpressApplication> {
  const { server, issuer, jwksUri, onRequest, audience = originOf(server) } = options;
  const module = OrdersApiModule.forRoot({ issuer, audience, jwksUri });
  const app = await NestFactory.create<NestExpressApplication>(module, { logger: ['warn', 'error', 'fatal'] });
  if (onRequest) app.use(emitRequestEvents(onRequest));
  serveOpenApiDocument(app, issuer);
  await app.init();
  server.on('request', app.getHttpAdapter().getInstance());
  return app;
}
