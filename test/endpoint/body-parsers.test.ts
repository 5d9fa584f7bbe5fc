import { afterEach, describe, expect, test } from '@jest/globals';
import { Injectable, type INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import express, { type RequestHandler } from 'express';
import { McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { message, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';

let runs = 0;

@Injectable()
class Tools {
  @McpTool({ description: 'x', input: z.object({ text: z.string() }) })
  run({ text }: { text: string }): string {
    runs++;
    return text;
  }
}

let server: ProtectedServer;
afterEach(async () => {
  runs = 0;
  await server.close();
});

async function start(
  platform: Platform,
  configure?: (app: INestApplication) => void,
  bodyParser = true,
): Promise<void> {
  server = await startProtectedServer({
    platform,
    providers: [Tools],
    bodyParser,
    options: { endpoint: { maxBodySize: 200_000 } },
    ...(configure && { configure }),
  });
}

type Configure = (app: INestApplication) => void;

const use = (handler: RequestHandler) => (app: INestApplication) => {
  app.use(handler);
};

function parseOnFastify(options: { parseAs: 'string' | 'buffer' } | undefined) {
  return (app: INestApplication) => {
    const instance = (app as NestFastifyApplication).getHttpAdapter().getInstance();
    instance.removeAllContentTypeParsers();
    if (options) instance.addContentTypeParser('*', options, (_request, body, done) => done(null, body));
  };
}

const everything = { type: () => true, limit: '1mb' };

describe.each<[string, Platform, Configure | undefined, boolean]>([
  ['none, on Express', 'express', undefined, false],
  ['none but one for text, on Express', 'express', use(express.text()), false],
  ['one that leaves text, on Express', 'express', use(express.text(everything)), true],
  ['one that leaves bytes, on Express', 'express', use(express.raw(everything)), true],
  ['one that parses, on Express', 'express', use(express.json(everything)), false],
  [
    'one that leaves an empty object where it parses nothing, on Express',
    'express',
    use((request, _response, next) => {
      request.body = {};
      next();
    }),
    false,
  ],
  ['a middleware that parses, on Fastify', 'fastify', use(express.json(everything)), true],
  ['a middleware that leaves text, on Fastify', 'fastify', use(express.text(everything)), true],
  ['a middleware that leaves bytes, on Fastify', 'fastify', use(express.raw(everything)), true],
  ['a middleware that leaves bytes before no parser, on Fastify', 'fastify', use(express.raw(everything)), false],
  ['none of Nest, on Fastify', 'fastify', undefined, false],
  ['none at all, on Fastify', 'fastify', parseOnFastify(undefined), false],
  ['one that leaves text, on Fastify', 'fastify', parseOnFastify({ parseAs: 'string' }), false],
  ['one that leaves bytes, on Fastify', 'fastify', parseOnFastify({ parseAs: 'buffer' }), false],
])('an application whose body parser is: %s', (_name, platform, configure, bodyParser) => {
  test('is served as any other', async () => {
    await start(platform, configure, bodyParser);
    const { resource } = server;
    const token = await server.token();
    const call = toolCall('run', { text: 'Grüße' });
    const answer = await post(resource, call, { token });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ result: { content: [{ text: 'Grüße' }] } });
    expect((await post(resource, call)).status).toBe(401);
    expect((await post(resource, toolCall('run', { text: 'x'.repeat(190_000) }), { token })).status).toBe(200);
    expect((await post(resource, toolCall('run', { text: 'x'.repeat(210_000) }), { token })).status).toBe(413);
    expect((await post(resource, [call, message('tools/list')], { token })).status).toBe(400);
    expect((await post(resource, call, { token, headers: { 'content-type': 'text/plain' } })).status).toBe(415);
    const raw = (body: string) =>
      fetch(resource, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body,
      });
    expect((await raw('{"jsonrpc":')).status).toBe(400);
    expect((await raw('')).status).toBe(400);
    expect(runs).toBe(2);
  });
});

const taken: RequestHandler = (request, _response, next) => {
  request.resume().on('end', () => {
    next();
  });
};

test.each<Platform>(['express', 'fastify'])(
  'a middleware that reads the body and leaves nothing is told of in the log, once, on %s',
  async (platform) => {
    await start(platform, use(taken));
    const token = await server.token();
    for (let times = 0; times < 2; times++)
      expect((await post(server.resource, toolCall('run', { text: 'x' }), { token })).status).toBe(400);
    const told = server.log.lines.filter((line) => line.startsWith('warn ') && line.includes('without its body'));
    expect(told).toHaveLength(1);
  },
);

test('a body parser that allows less than the endpoint is told of in the log, once', async () => {
  await start('express', use(express.json({ limit: 300 })));
  const token = await server.token();
  for (let times = 0; times < 2; times++)
    expect((await post(server.resource, toolCall('run', { text: 'x'.repeat(300) }), { token })).status).toBe(413);
  const told = server.log.lines.filter((line) => line.startsWith('warn ') && line.includes('endpoint.maxBodySize'));
  expect(told).toHaveLength(1);
});
