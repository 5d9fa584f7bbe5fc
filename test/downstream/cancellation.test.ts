import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { startRunningTool, type RunningTool } from './running-tool.js';

let tool: RunningTool;

beforeAll(async () => {
  tool = await startRunningTool();
});
afterEach(() => {
  tool.orders.answers.clear();
  tool.orders.requests.length = 0;
});
afterAll(() => tool.close());

/** A request that the API has, and does not answer. */
function hanging(): Promise<IncomingMessage> {
  return new Promise((resolve) => {
    tool.orders.answers.set('/v1/x', resolve);
  });
}

const closed = async (request: IncomingMessage) => {
  if (!request.socket.destroyed) await once(request.socket, 'close');
};

describe('the request to the API ends', () => {
  test('when the client of the call goes away', async () => {
    const reached = hanging();
    let failure: Promise<unknown> = Promise.resolve();
    const client = new AbortController();
    let cancelled: AbortSignal | undefined;
    const method: Parameters<typeof tool.run>[0] = ({ fetch }, { signal }) => {
      cancelled = signal;
      failure = fetch('/x');
      return failure;
    };
    const ran = tool.run(method, {}, client.signal);
    const request = await reached;
    client.abort();
    await expect(ran).rejects.toThrow();
    await closed(request);
    expect(await failure.catch((error: unknown) => error)).toBe(cancelled?.reason);
    expect(cancelled?.aborted).toBe(true);
    expect(tool.log.lines.filter((line) => /^(warn|error)/.test(line))).toEqual([]);
  });

  test('when the tool itself gives up', async () => {
    const reached = hanging();
    const given = new AbortController();
    const ran = tool.returned(async ({ fetch }) => {
      const failure = fetch('/x', { signal: given.signal }).catch((error: unknown) => error);
      const request = await reached;
      given.abort(new Error('enough'));
      await closed(request);
      return (await failure) as Error;
    });
    expect((await ran).message).toBe('enough');
  });

  test('when the call has ended, though nobody waited for it', async () => {
    const reached = hanging();
    let late: Promise<unknown> = Promise.resolve();
    await tool.run(async ({ fetch }) => {
      late = fetch('/x').catch((error: unknown) => error);
      await reached;
    });
    await closed(await reached);
    expect(await late).toMatchObject({ code: 'downstream_outside_call' });
  });

  test('when the tool cancels the body of its answer', async () => {
    const reached = new Promise<IncomingMessage>((resolve) => {
      tool.orders.answers.set('/v1/x', (request, response) => {
        response.writeHead(200).write('a');
        resolve(request);
      });
    });
    const isClosed = await tool.returned(async ({ fetch }) => {
      await (await fetch('/x')).body?.cancel();
      await closed(await reached);
      return true;
    });
    expect(isClosed).toBe(true);
  });

  test('and so does an answer that is still being read', async () => {
    let late: Promise<unknown> = Promise.resolve();
    tool.orders.answers.set('/v1/x', (_request, response) => {
      response.writeHead(200).write('a');
    });
    await tool.run(async ({ fetch }) => {
      const response = await fetch('/x');
      late = response.text().catch((error: unknown) => error);
    });
    expect(await late).toBeInstanceOf(Error);
  });

  test('while it waits for a retry', async () => {
    tool.orders.answers.set('/v1/x', (_request, response) => {
      response.writeHead(503, { 'retry-after': '20' }).end();
    });
    const given = new AbortController();
    const error = await tool.returned(async ({ fetch }) => {
      const failure = fetch('/x', { signal: given.signal }).catch((reason: unknown) => reason);
      while (tool.orders.requests.length === 0) await new Promise(setImmediate);
      given.abort();
      return (await failure) as Error;
    });
    expect(error.name).toBe('AbortError');
  });
});
