import { afterEach, expect, test } from '@jest/globals';
import { type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { McpAuthModule } from 'nestjs-mcp-auth';
import { listen, type Listener } from '../support/listen.js';
import { post, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import type { RequestListener } from 'node:http';

let app: INestApplication;
let listener: Listener;

afterEach(async () => {
  await listener.close();
  await app.close();
});

test('who comes before the routes are there is told to come again, on paths of the module alone', async () => {
  listener = await listen();
  const resource = `${listener.origin}/mcp`;
  expect((await post(resource, toolCall('run'))).status).toBe(503);
  app = await NestFactory.create(McpAuthModule.forRoot(optionsFor(listener.origin, 'https://id.example.com')), {
    logger: false,
  });
  listener.server.on('request', app.getHttpAdapter().getInstance() as RequestListener);
  for (const path of ['/mcp', '/.well-known/oauth-protected-resource/mcp']) {
    const early = await fetch(`${listener.origin}${path}`);
    expect(early.status).toBe(503);
    expect(early.headers.get('retry-after')).toBe('1');
    expect(early.headers.get('cache-control')).toBe('no-store');
  }
  expect((await fetch(`${listener.origin}/other`)).status).toBe(404);
  await app.init();
  expect((await post(resource, toolCall('run'))).status).toBe(401);
});
