import type { Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { originOf } from '../listen.js';
import { serveOpenApiDocument } from './openapi-document.js';
import { OrdersApiModule } from './orders-api.module.js';
import { emitRequestEvents, type RequestEvent } from './request-events.js';

export interface StartOrdersApiOptions {
  /** A server that listens already: its origin is the audience of the access tokens. */
  readonly server: Server;
  readonly issuer: string;
  readonly jwksUri: string;
  readonly onRequest?: (event: RequestEvent) => void;
}

/** The API that the organisation had before: it knows nothing of MCP, and checks access tokens by itself. */
export async function startOrdersApi(options: StartOrdersApiOptions): Promise<NestExpressApplication> {
  const { server, issuer, jwksUri, onRequest } = options;
  const module = OrdersApiModule.forRoot({ issuer, audience: originOf(server), jwksUri });
  const app = await NestFactory.create<NestExpressApplication>(module, { logger: ['warn', 'error', 'fatal'] });
  if (onRequest) app.use(emitRequestEvents(onRequest));
  serveOpenApiDocument(app, issuer);
  await app.init();
  server.on('request', app.getHttpAdapter().getInstance());
  return app;
}
