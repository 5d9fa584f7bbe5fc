import type { RequestListener } from 'node:http';
import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { listen, type Platform, type ServerUnderLoad } from './listen.js';

/** Bytes of a message that every server takes. */
export const MAX_BODY_SIZE = 2 * 1024 * 1024;

/**
 * Starts an application.
 *
 * @param moduleFor - makes the module of the application for the URL of its endpoint
 */
export async function startNest(
  platform: Platform,
  moduleFor: (url: string) => Type,
  configure: (app: INestApplication) => Promise<void> | void = () => undefined,
): Promise<ServerUnderLoad> {
  let answer: RequestListener = () => undefined;
  const origin = await listen((request, response) => {
    answer(request, response);
  });
  const url = `${origin}/mcp`;
  const app = await createApplication(platform, moduleFor(url));
  await configure(app);
  await app.init();
  const instance = app.getHttpAdapter().getInstance() as RequestListener & FastifyInstance;
  if (platform === 'fastify') await instance.ready();
  answer = platform === 'fastify' ? instance.routing.bind(instance) : instance;
  return { url };
}

interface FastifyInstance {
  ready(): Promise<void>;
  readonly routing: RequestListener;
}

/** Creates an application without starting it. */
export async function createApplication(platform: Platform, module: Type): Promise<INestApplication> {
  const logger = ['error' as const];
  if (platform === 'fastify')
    return await NestFactory.create(module, new FastifyAdapter({ bodyLimit: MAX_BODY_SIZE }), { logger });
  const app = await NestFactory.create<NestExpressApplication>(module, new ExpressAdapter(), { logger });
  app.useBodyParser('json', { limit: MAX_BODY_SIZE });
  return app;
}
