import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { runQuickstart } from '../quickstart/run.js';
import { OrdersModule } from './orders.module.js';

await runQuickstart(async (options) => {
  const app = await NestFactory.create<NestExpressApplication>(OrdersModule.forRoot(options), {
    logger: ['warn', 'error', 'fatal'],
  });
  await app.init();
  return { handle: app.getHttpAdapter().getInstance(), close: () => app.close() };
}, 'findOrder');
