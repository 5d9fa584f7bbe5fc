import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { collectGarbage } from '../support/garbage.js';
import { listen } from '../support/listen.js';
import { startRunningTool, type RunningTool } from './running-tool.js';

const PIECE = Buffer.alloc(64 * 1024, 'x');
const SIZE = 1_000 * PIECE.byteLength;

/** 10 MB. */
const PASSING = 160 * PIECE.byteLength;

/** Bytes that these may take at most while they pass. */
const MOST_IN_USE = PASSING / 2;

/** Bytes that may be on their way at most. The sockets of the system hold several million. */
const MOST_ON_THE_WAY = SIZE / 2;

/** A body in pieces, and how much of it was asked for. */
class LargeBody {
  produced = 0;

  constructor(private readonly size = SIZE) {}

  *pieces(): Generator<Buffer> {
    for (; this.produced < this.size; this.produced += PIECE.byteLength) yield PIECE;
  }

  /** Waits until nobody asks for more. */
  async stalls(): Promise<void> {
    for (let last = -1, idle = 0; idle < 300; idle = this.produced === last ? idle + 1 : 0, last = this.produced)
      await nextTurn();
  }
}

/** Bytes that are in use: objects and buffers. */
function measure(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Follows how much is in use while a body passes. */
class Gauge {
  readonly #before = measure();
  #next = 0;
  most = 0;

  /** @param passed - bytes of the body until now */
  watch(passed: number): void {
    if (passed < this.#next) return;
    this.#next = passed + PASSING / 5;
    this.most = Math.max(this.most, measure() - this.#before);
  }
}

async function readAll(body: AsyncIterable<Uint8Array>, gauge: Gauge): Promise<number> {
  let size = 0;
  for await (const piece of body) {
    size += piece.byteLength;
    gauge.watch(size);
  }
  return size;
}

let answer: (request: IncomingMessage, response: ServerResponse) => Promise<unknown>;
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

const download = () => {
  answer = (_request, response) => pipeline(Readable.from(new LargeBody(PASSING).pieces()), response);
  return tool.returned(async ({ fetch }) => {
    const { body } = await fetch('/large');
    const gauge = new Gauge();
    return { size: await readAll(body as unknown as AsyncIterable<Uint8Array>, gauge), gauge };
  });
};

const upload = async () => {
  const gauge = new Gauge();
  answer = async (request, response) =>
    response.end(String(await readAll(request as AsyncIterable<Uint8Array>, gauge)));
  const size = await tool.returned(async ({ fetch }) => {
    const response = await fetch('/large', {
      method: 'POST',
      body: Readable.from(new LargeBody(PASSING).pieces()) as unknown as BodyInit,
    });
    return Number(await response.text());
  });
  return { size, gauge };
};

test.each([
  ['an answer', download],
  ['a body that is sent', upload],
])('%s of 10 MB takes the memory of some pieces', async (_what, pass) => {
  const { size, gauge } = await pass();
  expect(size).toBe(PASSING);
  expect(gauge.most).toBeLessThan(MOST_IN_USE);
});
