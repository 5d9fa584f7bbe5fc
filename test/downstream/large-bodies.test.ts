import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { listen } from '../support/listen.js';
import { startRunningTool, type RunningTool } from './running-tool.js';

const PIECE = Buffer.alloc(64 * 1024, 'x');
const SIZE = 1_000 * PIECE.byteLength;

/** Bytes that may be on their way at most. The sockets of the system hold several million. */
const MOST_ON_THE_WAY = SIZE / 2;

/** A body in pieces, and how much of it was asked for. */
class LargeBody {
  produced = 0;

  *pieces(): Generator<Buffer> {
    for (; this.produced < SIZE; this.produced += PIECE.byteLength) yield PIECE;
  }

  /** Waits until nobody asks for more. */
  async stalls(): Promise<void> {
    for (let last = -1, idle = 0; idle < 300; idle = this.produced === last ? idle + 1 : 0, last = this.produced)
      await nextTurn();
  }
}

let answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
let api: Awaited<ReturnType<typeof listen>>;
let tool: RunningTool;

beforeAll(async () => {
  api = await listen((request, response) => void answer(request, response));
  tool = await startRunningTool({ orders: { baseUrl: api.origin } });
});
afterAll(async () => {
  await tool.close();
  await api.close();
});

test('an answer comes as fast as the tool reads it, and no faster', async () => {
  const body = new LargeBody();
  answer = async (_request, response) => {
    await pipeline(Readable.from(body.pieces()), response);
  };
  const [ahead, received] = await tool.returned(async ({ fetch }) => {
    const response = await fetch('/large');
    const pieces = (response.body as ReadableStream<Uint8Array>)[Symbol.asyncIterator]();
    const first = await pieces.next();
    await body.stalls();
    const far = body.produced;
    let size = first.value?.byteLength ?? 0;
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) size += next.value.byteLength;
    return [far, size];
  });
  expect(received).toBe(SIZE);
  expect(ahead).toBeLessThan(MOST_ON_THE_WAY);
});

test('a body is sent as fast as the API reads it, and no faster', async () => {
  const body = new LargeBody();
  let ahead = Number.POSITIVE_INFINITY;
  answer = async (request, response) => {
    await once(request, 'readable');
    await body.stalls();
    ahead = body.produced;
    let size = 0;
    for await (const piece of request as AsyncIterable<Buffer>) size += piece.byteLength;
    response.end(String(size));
  };
  const received = await tool.returned(async ({ fetch }) => {
    const response = await fetch('/large', {
      method: 'POST',
      body: Readable.from(body.pieces()) as unknown as BodyInit,
    });
    return await response.text();
  });
  expect(received).toBe(String(SIZE));
  expect(ahead).toBeLessThan(MOST_ON_THE_WAY);
});
