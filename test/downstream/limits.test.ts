import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { DownstreamOptions } from 'nestjs-mcp-auth';
import { skipPausesOfApis } from '../support/pauses.js';
import { answer, answersInTurn, breaks } from './answers.js';
import { startRunningTool, type RunningTool } from './running-tool.js';

let tool: RunningTool;

afterEach(async () => {
  jest.restoreAllMocks();
  await tool.close();
});

async function start(http: NonNullable<DownstreamOptions['http']>): Promise<void> {
  tool = await startRunningTool({ orders: { http } });
}

describe('time-outs', () => {
  test('an API that never answers', async () => {
    await start({ timeoutMs: 50 });
    answersInTurn(tool.orders, '/v1/x', () => undefined);
    const error = await tool.thrown((client) => client.json('/x'));
    expect(error).toMatchObject({ code: 'downstream_timeout', message: 'orders did not answer within 50 ms' });
    expect(tool.orders.requests.length).toBeLessThanOrEqual(1);
    expect(await tool.run((client) => client.json('/x'))).toMatchObject({ isError: true });
  });

  test('retries and their pauses have a deadline', async () => {
    await start({ deadlineMs: 60_000, retries: 10 });
    const pauses = skipPausesOfApis();
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    answersInTurn(tool.orders, '/v1/x', answer(503));
    const { code } = await tool.thrown((client) => client.json('/x'));
    expect(code).toBe('downstream_failed');
    // The next one would have taken twice as long as the last, and ended after 102,300 ms.
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600]);
    expect(tool.orders.requests).toHaveLength(10);
  });

  test('an answer that stops half-way', async () => {
    // It has begun before that on any machine.
    await start({ timeoutMs: 1_000 });
    answersInTurn(tool.orders, '/v1/x', (_request, response) => {
      response.writeHead(200).write('{"a":');
    });
    expect(await tool.thrown((client) => client.json('/x'))).toMatchObject({ code: 'downstream_unreachable' });
  });

  test('an answer that comes drop by drop, which is broken off', async () => {
    await start({ deadlineMs: 200 });
    const closed = new Promise<void>((resolve) => {
      answersInTurn(tool.orders, '/v1/x', (_request, response) => {
        response.writeHead(200);
        const drip = setInterval(() => response.write(' '), 10);
        response.on('close', () => {
          clearInterval(drip);
          resolve();
        });
      });
    });
    const code = await tool.returned(async (client) => {
      const error: unknown = await client.json('/x').catch((reason: unknown) => reason);
      // The end of the call would break it off anyway.
      await closed;
      return (error as { code?: string }).code;
    });
    expect(code).toBe('downstream_timeout');
  });
});

describe('how many requests run at once', () => {
  test('is limited: some wait, and what is too much fails at once', async () => {
    await start({ maxConcurrent: 2, maxQueued: 2, retries: 0 });
    const waiting: (() => void)[] = [];
    let go: (value?: unknown) => void = () => undefined;
    const all = new Promise((resolve) => (go = resolve));
    tool.orders.answers.set('/v1/x', (request, response) => {
      waiting.push(() => {
        answer(200)(request, response);
      });
      if (waiting.length === 2) go();
    });
    const codes = await tool.returned(async (client) => {
      const calls = Array.from({ length: 6 }, () =>
        client.fetch('/x').then(
          ({ status }) => status,
          (error: unknown) => (error as { code: string }).code,
        ),
      );
      await all;
      expect(tool.orders.requests).toHaveLength(2);
      const settled = Promise.all(calls);
      const release = setInterval(() => {
        waiting.splice(0).forEach((one) => {
          one();
        });
      }, 5);
      return await settled.finally(() => {
        clearInterval(release);
      });
    });
    expect(codes.sort()).toEqual([200, 200, 200, 200, 'downstream_overloaded', 'downstream_overloaded']);
    expect(tool.orders.requests).toHaveLength(4);
  });
});

describe('an API that fails and fails', () => {
  const http = { retries: 0, circuitBreaker: { minimumRequests: 3, pauseMs: 60_000 } };
  const codeOf = () =>
    tool.returned((client) =>
      client.json('/x').then(
        () => 'ok',
        (error: unknown) => (error as { code: string }).code,
      ),
    );

  test.each([
    ['a status of 5xx', answer(500), 'downstream_failed'],
    ['no answer', breaks, 'downstream_unreachable'],
  ])('by %s is left alone, and asked again after a while', async (_name, failing, code) => {
    await start(http);
    answersInTurn(tool.orders, '/v1/x', failing, failing, failing, answer(200));
    for (let count = 0; count < 3; count += 1) expect(await codeOf()).toBe(code);
    expect(await codeOf()).toBe('downstream_overloaded');
    expect(tool.orders.requests).toHaveLength(3);
    expect(tool.log.text).toContain('orders fails so often that it gets no calls for a while');
    const [wall, monotonic] = [Date.now(), performance.now()];
    // The clock on the wall is set back meanwhile.
    jest.spyOn(Date, 'now').mockImplementation(() => wall - 120_000);
    jest.spyOn(performance, 'now').mockImplementation(() => monotonic + 60_001);
    expect(await codeOf()).toBe('ok');
    expect(await codeOf()).toBe('ok');
    expect(tool.log.text).toContain('orders answers again');
  });

  test('by what it refuses it is not', async () => {
    await start(http);
    answersInTurn(tool.orders, '/v1/x', answer(404));
    for (let count = 0; count < 6; count += 1) expect(await codeOf()).toBe('downstream_status');
  });

  test('is asked on where that is wanted', async () => {
    await start({ retries: 0, circuitBreaker: false });
    answersInTurn(tool.orders, '/v1/x', answer(500));
    for (let count = 0; count < 30; count += 1) await codeOf();
    expect(tool.orders.requests).toHaveLength(30);
  });
});

describe('JSON', () => {
  test.each<[string, Record<string, string>]>([
    ['that says how long it is', {}],
    ['that does not', { 'transfer-encoding': 'chunked' }],
  ])('of more bytes than are allowed, %s, is not read', async (_name, headers) => {
    await start({ maxJsonSize: 1000 });
    answersInTurn(tool.orders, '/v1/x', (_request, response) =>
      response.writeHead(200, headers).end('"é"'.repeat(1000)),
    );
    expect(await tool.thrown((client) => client.json('/x'))).toMatchObject({ code: 'downstream_body_too_large' });
  });

  test.each<[string, (response: ServerResponse) => Writable]>([
    ['as it is', (response) => response.writeHead(200)],
    [
      'compressed',
      (response) => {
        const compressed = createGzip({ flush: constants.Z_SYNC_FLUSH });
        compressed.pipe(response.writeHead(200, { 'content-encoding': 'gzip' }));
        return compressed;
      },
    ],
  ])('of more bytes than are allowed, %s, is broken off, though more of it would come', async (_name, begin) => {
    await start({ maxJsonSize: 1000, timeoutMs: 120_000, deadlineMs: 120_000 });
    const closed = new Promise<void>((resolve) => {
      answersInTurn(tool.orders, '/v1/x', (_request, response) => {
        response.on('close', resolve);
        begin(response).write('"é"'.repeat(1000));
      });
    });
    const code = await tool.returned(async (client) => {
      const error: unknown = await client.json('/x').catch((reason: unknown) => reason);
      // The end of the call would break it off anyway.
      await closed;
      return (error as { code?: string }).code;
    });
    expect(code).toBe('downstream_body_too_large');
  });

  test.each([
    [100, 'read'],
    [101, 'downstream_body'],
    [4_000, 'downstream_body'],
  ])('of %i levels is %s', async (levels, expected) => {
    await start({});
    answersInTurn(tool.orders, '/v1/x', (_request, response) =>
      response.writeHead(200).end('['.repeat(levels) + ']'.repeat(levels)),
    );
    const outcome = await tool.returned(async (client) => {
      const error: unknown = await client.json('/x').then(
        () => ({ code: 'read' }),
        (reason: unknown) => reason,
      );
      return (error as { code?: string }).code;
    });
    expect(outcome).toBe(expected);
  });

  test('of so many bytes, cut anywhere, is read', async () => {
    await start({ maxJsonSize: 1000 });
    answersInTurn(tool.orders, '/v1/x', (_request, response) => {
      const bytes = Buffer.from(JSON.stringify('é€😀'.repeat(50)));
      response.writeHead(200);
      for (let at = 0; at < bytes.length; at += 3) response.write(bytes.subarray(at, at + 3));
      response.end();
    });
    expect(await tool.returned((client) => client.json('/x'))).toBe('é€😀'.repeat(50));
  });
});
