import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable, type INestApplication } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { send } from '../proof/send.js';
import { toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { TestIssuer } from '../support/test-issuer.js';

const RESOURCE = 'https://mcp.example.com/mcp';

/** The command of `docs/production/operations.md`. */
const [, FLAG = ''] =
  /^node (--\S+) dist\/main\.js$/m.exec(readFileSync('docs/production/operations.md', 'utf8')) ?? [];

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  run(): string {
    return 'ran';
  }
}

let issuer: TestIssuer;
let token: string;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  token = await issuer.token({ aud: RESOURCE, groups: Array<string>(400).fill('g'.repeat(36)) });
  expect(token.length).toBeGreaterThan(20_000);
});
afterAll(() => issuer.close());

const call = async (origin: string) =>
  await send(`${origin}/mcp`, { body: toolCall('run'), headers: { authorization: `Bearer ${token}` } });

test.each<[string, () => AbstractHttpAdapter, number]>([
  ['Express', () => new ExpressAdapter(), 431],
  ['Fastify', () => new FastifyAdapter(), 431],
  ['Fastify with a limit of its own', () => new FastifyAdapter({ http: { maxHeaderSize: 65_536 } }), 200],
])('a token of 20 kB, as Node comes, on %s', async (_name, createAdapter, status) => {
  const log = new RecordingLogger();
  const testing = await Test.createTestingModule({
    imports: [McpAuthModule.forRoot(optionsFor('', issuer.issuer, { resource: RESOURCE }))],
    providers: [Tools],
  })
    .setLogger(log)
    .compile();
  const app: INestApplication = testing.createNestApplication(createAdapter());
  try {
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as { address(): { port: number } }).address();
    for (let times = 0; times < 3; times++) expect((await call(`http://127.0.0.1:${port}`)).status).toBe(status);
    // The first is told of at once, and the others are counted.
    const told = log.lines.filter((line) => line.includes('--max-http-header-size'));
    expect(told.map((line) => /(?<=than the )\d+/.exec(line)?.[0])).toEqual(status === 431 ? ['16384'] : []);
  } finally {
    await app.close();
  }
});

describe('a process that was started as documented', () => {
  let child: ChildProcess;
  let origins: Record<string, string>;

  beforeAll(async () => {
    child = spawn(
      process.execPath,
      [FLAG, '--import', './test/support/shared-modules/register.js', 'test/endpoint/large-tokens-process.ts'],
      {
        env: { ...process.env, ISSUER: issuer.issuer, RESOURCE },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      },
    );
    [origins] = (await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error('It ended'))),
    ])) as [Record<string, string>];
  });
  afterAll(async () => {
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  });

  test.each(['express', 'fastify'])('takes a token of 20 kB on %s', async (platform) => {
    const answer = await call(origins[platform] ?? '');
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('ran');
  });
});
