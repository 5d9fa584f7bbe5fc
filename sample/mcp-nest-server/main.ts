import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { runQuickstart } from '../quickstart/run.js';
import { createOrdersServer } from './orders.module.js';

await runQuickstart(async (options) => {
  const { module, strategy } = createOrdersServer(options);
  const app = await NestFactory.create<NestExpressApplication>(module, { logger: ['warn', 'error', 'fatal'] });
  app.connectMicroservice({ strategy });
  await app.startAllMicroservices();
  await app.init();
  return { handle: app.getHttpAdapter().getInstance(), close: () => app.close() };
});
