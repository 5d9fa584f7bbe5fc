import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { listen } from '../support/listen.js';
import { startRunningTool, type RunningTool } from './running-tool.js';

const PIECE = Buffer.alloc(64 * 1024, 'x');
const SIZE = 160 * PIECE.byteLength;

/** Bytes that a body of 10 MB may take at most while it passes. */
const MOST = SIZE / 2;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

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
    this.#next = passed + SIZE / 5;
    this.most = Math.max(this.most, measure() - this.#before);
  }
}

function* pieces(): Generator<Buffer> {
  for (let made = 0; made < SIZE; made += PIECE.byteLength) yield PIECE;
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

const download = () => {
  answer = (_request, response) => pipeline(Readable.from(pieces()), response);
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
    const response = await fetch('/large', { method: 'POST', body: Readable.from(pieces()) as unknown as BodyInit });
    return Number(await response.text());
  });
  return { size, gauge };
};

test.each([
  ['an answer', download],
  ['a body that is sent', upload],
])('%s of 10 MB takes the memory of some pieces', async (_what, pass) => {
  const { size, gauge } = await pass();
  expect(size).toBe(SIZE);
  expect(gauge.most).toBeLessThan(MOST);
});
