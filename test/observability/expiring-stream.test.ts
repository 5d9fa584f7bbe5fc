import { request, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { relay } from '../../lib/mcp/protocol/relayed-response.js';
import { headersFor, message } from '../support/mcp-request.js';
import { startProtectedServer } from '../support/protected-server.js';
import { watchTimers, type WatchedTimers } from '../support/watched-timers.js';

const NOW = 1_800_000_000;
const LONGEST_TIMEOUT = 2 ** 31 - 1;
const DAY = 24 * 60 * 60;

let timers: WatchedTimers;

beforeEach(() => {
  const doNotFake = ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'performance'] as const;
  jest.useFakeTimers({ doNotFake: [...doNotFake] });
  timers = watchTimers();
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** Lets everything happen that needs no time. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A stream that says what becomes of it. */
class Source {
  readonly cancelled: unknown[] = [];
  pulls = 0;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  readonly stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => {
        this.pulls += 1;
        this.onPull();
      },
      cancel: async (reason) => {
        this.cancelled.push(reason);
        await this.onCancel();
      },
    },
    { highWaterMark: 0 },
  );
  onPull: () => void = () => undefined;
  onCancel: () => Promise<void> = () => Promise.resolve();

  get controller(): ReadableStreamDefaultController<Uint8Array> {
    if (!this.#controller) throw new Error('The stream has not begun');
    return this.#controller;
  }

  send(text: string): void {
    this.controller.enqueue(Buffer.from(text));
  }
}

describe('a body that ends when a token expires', () => {
  let source: Source;

  beforeEach(() => {
    jest.setSystemTime(NOW * 1000);
    source = new Source();
  });

  function readerUntil(seconds: number) {
    const { body } = relay(new Response(source.stream), { endsAt: seconds * 1000 });
    if (!body) throw new Error('There is no body');
    return body.getReader();
  }

  async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
    const { done, value } = await reader.read();
    return done ? 'the end' : Buffer.from(value).toString();
  }

  test('is otherwise that of the response, with its status and headers', async () => {
    const given = new Response('the body', { status: 207, statusText: 'So So', headers: { 'x-kept': 'yes' } });
    const response = relay(given, { endsAt: (NOW + 60) * 1000 });
    expect(response).toMatchObject({ status: 207, statusText: 'So So' });
    expect(response.headers.get('x-kept')).toBe('yes');
    expect(await response.text()).toBe('the body');
  });

  test('is none where the response has none', () => {
    const given = new Response(null, { status: 202 });
    expect(relay(given, { endsAt: (NOW + 60) * 1000 })).toBe(given);
    expect(timers.pending).toBe(0);
  });

  test('passes what comes until the last millisecond, and then ends, and cancels its source', async () => {
    const reader = readerUntil(NOW + 60);
    source.send('first');
    expect(await next(reader)).toBe('first');
    jest.advanceTimersByTime(59_999);
    source.send('last');
    expect(await next(reader)).toBe('last');
    expect(source.cancelled).toEqual([]);
    const end = next(reader);
    await settle();
    jest.advanceTimersByTime(1);
    expect(await end).toBe('the end');
    expect(source.cancelled).toHaveLength(1);
    expect(timers.pending).toBe(0);
  });

  test.each([NOW, NOW - 1, 0, Number.NaN])('is at its end at once where the token expired at %d', async (expiresAt) => {
    const reader = readerUntil(expiresAt);
    expect(await next(reader)).toBe('the end');
    expect(source.cancelled).toHaveLength(1);
    expect(source.pulls).toBe(0);
    expect(timers.pending).toBe(0);
  });

  test('stays open for longer than one timer can wait', async () => {
    const reader = readerUntil(NOW + 60 * DAY);
    // Node fires at once what is to wait for longer.
    expect(timers.delays).toEqual([LONGEST_TIMEOUT]);
    for (const time of [LONGEST_TIMEOUT, LONGEST_TIMEOUT, 60 * DAY * 1000 - 2 * LONGEST_TIMEOUT - 1]) {
      jest.advanceTimersByTime(time);
      source.send('open');
      expect(await next(reader)).toBe('open');
    }
    jest.advanceTimersByTime(1);
    expect(await next(reader)).toBe('the end');
    expect(source.cancelled).toHaveLength(1);
  });

  test('waits again where the clock was set back', async () => {
    const reader = readerUntil(NOW + 60);
    jest.setSystemTime((NOW - 30) * 1000);
    jest.advanceTimersByTime(60_000);
    source.send('open');
    expect(await next(reader)).toBe('open');
    jest.advanceTimersByTime(30_000);
    expect(await next(reader)).toBe('the end');
  });

  test.each<[string, (reader: ReadableStreamDefaultReader<Uint8Array>) => Promise<void>]>([
    [
      'its source ends',
      async (reader) => {
        source.controller.close();
        expect(await next(reader)).toBe('the end');
      },
    ],
    [
      'its source breaks off while someone reads',
      async (reader) => {
        const read = next(reader);
        await settle();
        source.controller.error(new Error('broken off'));
        await expect(read).rejects.toThrow('broken off');
        await expect(reader.closed).rejects.toThrow('broken off');
      },
    ],
    [
      'its source breaks off before anyone reads',
      async (reader) => {
        source.controller.error(new Error('broken off'));
        await expect(next(reader)).rejects.toThrow('broken off');
      },
    ],
    [
      'its reader goes away',
      async (reader) => {
        await reader.cancel('gone');
        expect(source.cancelled).toEqual(['gone']);
      },
    ],
  ])('leaves no timer where %s', async (_name, happen) => {
    const reader = readerUntil(NOW + 60);
    expect(timers.pending).toBe(1);
    const before = source.cancelled.length;
    await happen(reader);
    expect(timers.pending).toBe(0);
    const after = source.cancelled.length;
    // What a timer throws, advancing throws.
    jest.advanceTimersByTime(120_000);
    expect(source.cancelled).toHaveLength(after);
    expect(before).toBe(0);
  });

  test('ends, and throws nowhere, where its source broke off unnoticed behind what nobody has read', async () => {
    const reader = readerUntil(NOW + 60);
    source.send('unread');
    await settle();
    source.controller.error(new Error('broken off'));
    await settle();
    jest.advanceTimersByTime(60_000);
    expect(await next(reader)).toBe('unread');
    expect(await next(reader)).toBe('the end');
  });

  test('ends also where its source cannot be cancelled', async () => {
    source.onCancel = () => Promise.reject(new Error('no'));
    const reader = readerUntil(NOW + 60);
    jest.advanceTimersByTime(60_000);
    expect(await next(reader)).toBe('the end');
    expect(source.cancelled).toHaveLength(1);
  });

  test('takes from its source no more than one piece before it is read', async () => {
    source.onPull = () => {
      source.send(`piece ${source.pulls}`);
    };
    const reader = readerUntil(NOW + 60);
    for (let piece = 1; piece <= 3; piece += 1) {
      await settle();
      expect(source.pulls).toBe(piece);
      expect(await next(reader)).toBe(`piece ${piece}`);
    }
  });
});

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  find(): string {
    return 'found';
  }
}

/** Posts a body. `fetch` would do it with timers that this file fakes and counts. */
async function post(url: string, body: unknown, token: string): Promise<IncomingMessage> {
  return await new Promise((resolve, reject) => {
    request(url, { method: 'POST', agent: false, headers: headersFor(body, token) })
      .on('response', resolve)
      .on('error', reject)
      .end(JSON.stringify(body));
  });
}

describe.each(['express', 'fastify'] as const)('a client that listens on %s', (platform) => {
  async function listen(notifications: Record<string, boolean> = { toolsListChanged: true }) {
    const server = await startProtectedServer({ platform, providers: [Tools] });
    const exp = Math.floor(Date.now() / 1000) + 300;
    const token = await server.token('', { exp });
    (await post(server.resource, message('tools/list'), token)).resume();
    const body = message('subscriptions/listen', { notifications });
    const response = await post(server.resource, body, token);
    expect(response.statusCode).toBe(200);
    const reader = (Readable.toWeb(response) as ReadableStream<Uint8Array>).getReader();
    const first = Buffer.from((await reader.read()).value ?? []).toString();
    expect(first).toContain('notifications/subscriptions/acknowledged');
    return { server, exp, reader, again: () => post(server.resource, body, token) };
  }

  test('is cut off when its token expires, and has to bring another', async () => {
    const { server, exp, reader, again } = await listen();
    jest.advanceTimersByTime(exp * 1000 - Date.now() - 1);
    // The SDK's signs of life still come.
    expect((await reader.read()).done).toBe(false);
    expect(timers.pending).toBe(2);
    jest.advanceTimersByTime(1);
    while (!(await reader.read()).done);
    expect(timers.pending).toBe(0);
    jest.advanceTimersByTime(60_000);
    const refused = await again();
    expect(refused.resume().statusCode).toBe(401);
    await server.close();
  });

  test('leaves nothing behind when it goes away', async () => {
    const { server, reader } = await listen();
    expect(timers.pending).toBe(2);
    await reader.cancel();
    while (timers.pending > 0) await settle();
    await server.close();
  });

  test('is told at once that nothing will come, where nothing will, and leaves nothing behind', async () => {
    // There are no prompts.
    const { server, reader } = await listen({ promptsListChanged: true });
    while (!(await reader.read()).done);
    expect(timers.pending).toBe(0);
    await server.close();
  });
});
