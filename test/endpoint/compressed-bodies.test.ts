import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable, type INestApplication } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import express, { type RequestHandler } from 'express';
import { McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { headersFor, message, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x', input: z.object({ text: z.string() }) })
  run({ text }: { text: string }): string {
    return text;
  }
}

const everything = { type: () => true, limit: '1mb' };

const use = (handler: RequestHandler) => (app: INestApplication) => {
  app.use(handler);
};

/** Leaves the bytes as they came. */
const collect: RequestHandler = (request, _response, next) => {
  const pieces: Buffer[] = [];
  request
    .on('data', (piece: Buffer) => pieces.push(piece))
    .on('end', () => {
      request.body = Buffer.concat(pieces);
      next();
    });
};

function parseOnFastify(options: { parseAs: 'string' | 'buffer' } | undefined) {
  return (app: INestApplication) => {
    const instance = (app as NestFastifyApplication).getHttpAdapter().getInstance();
    instance.removeAllContentTypeParsers();
    if (options) instance.addContentTypeParser('*', options, (_request, body, done) => done(null, body));
  };
}

function nothing() {
  // As Nest does it.
}

describe.each<[string, Platform, (app: INestApplication) => void, boolean]>([
  ['that of Nest, on Express', 'express', nothing, true],
  ['none, on Express', 'express', nothing, false],
  ['one that leaves text, on Express', 'express', use(express.text(everything)), false],
  ['one that leaves bytes, on Express', 'express', use(express.raw(everything)), false],
  ['one that leaves bytes as they came, on Express', 'express', use(collect), false],
  ['a middleware that decodes, on Fastify', 'fastify', use(express.raw(everything)), true],
  ['a middleware that leaves bytes as they came, on Fastify', 'fastify', use(collect), true],
  ['that of Nest, on Fastify', 'fastify', nothing, true],
  ['none, on Fastify', 'fastify', parseOnFastify(undefined), false],
  ['one that leaves text, on Fastify', 'fastify', parseOnFastify({ parseAs: 'string' }), false],
  ['one that leaves bytes, on Fastify', 'fastify', parseOnFastify({ parseAs: 'buffer' }), false],
])('an application whose body parser is: %s', (_name, platform, configure, bodyParser) => {
  let server: ProtectedServer;
  let token: string;

  beforeAll(async () => {
    const endpoint = { maxBodySize: 50_000 };
    server = await startProtectedServer({ platform, providers: [Tools], bodyParser, configure, options: { endpoint } });
    token = await server.token();
  });
  afterAll(() => server.close());

  async function post(body: Uint8Array, coding: string, path = '', sent: string | undefined = token) {
    const headers = { ...headersFor(toolCall('run'), sent), 'content-encoding': coding };
    return await fetch(`${server.resource}${path}`, { method: 'POST', headers, body: Buffer.from(body) });
  }

  const call = (text: string) => Buffer.from(JSON.stringify(toolCall('run', { text })));

  test.each([
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity', (body: Buffer) => body],
  ])('reads messages in %s, and whoever has no token is challenged', async (coding, encode) => {
    for (const path of ['', '/']) {
      const answer = await post(encode(call('Grüße')), coding, path);
      expect(await answer.json()).toMatchObject({ result: { content: [{ text: 'Grüße' }] } });
    }
    const challenged = await fetch(server.resource, {
      method: 'POST',
      headers: { ...headersFor(toolCall('run')), 'content-encoding': coding },
      body: Buffer.from(encode(call('x'))),
    });
    expect(challenged.status).toBe(401);
    expect(challenged.headers.get('www-authenticate')).toContain('resource_metadata=');
  });

  test.each([
    ['larger than it looks', gzipSync(call('x'.repeat(10_000_000))), 'gzip', 413],
    ['cut off', gzipSync(call('x')).subarray(0, 40), 'gzip', 400],
    ['in another coding than it says', gzipSync(call('x')), 'br', 400],
    ['nothing', gzipSync(''), 'gzip', 400],
    ['no JSON', gzipSync('{"jsonrpc":'), 'gzip', 400],
    ['a batch', gzipSync(JSON.stringify([message('tools/list')])), 'gzip', 400],
    ['in a coding that nobody knows', gzipSync(call('x')), 'rot13', 415],
    ['in two codings', gzipSync(gzipSync(call('x'))), 'gzip, gzip', 415],
  ])('refuses a message that is %s', async (_what, body, coding, status) => {
    const answer = await post(body, coding);
    expect(answer.status).toBe(status);
    expect(await answer.text()).not.toContain('"result"');
  });
});
