import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { OrdersModule } from '../../sample/openapi/orders.module.js';
import { startQuickstart, type Quickstart } from '../../sample/quickstart/quickstart.js';
import { walkThrough } from '../../sample/quickstart/walkthrough/walkthrough.js';

let quickstart: Quickstart;
beforeAll(async () => {
  quickstart = await startQuickstart({ mcpPort: 0, authPort: 0, apiPort: 0 }, async (options) => {
    const app = await NestFactory.create<NestExpressApplication>(OrdersModule.forRoot(options), { logger: ['error'] });
    await app.init();
    return { handle: app.getHttpAdapter().getInstance(), close: () => app.close() };
  });
});
afterAll(() => quickstart.close());

test('the sample of an API with an OpenAPI document takes the ten steps', async () => {
  const lines: string[] = [];

  await walkThrough(quickstart, (line) => lines.push(line), 'findOrder');

  expect(lines).toHaveLength(10);
  expect(lines[5]).toContain(`(aud=${quickstart.mcpUrl} sub=alice scope=orders:read)`);
  expect(lines[9]).toContain(`(aud=${quickstart.apiUrl} sub=alice scope=orders:read act=mcp-server)`);
  expect(lines[9]).toContain('"owner":"alice"');
});
