import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { IntrospectingServer } from '../introspection/introspecting-server.js';
import { Telemetry } from '../observability/telemetry.js';
import { post, toolCall } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';

let server: IntrospectingServer;
/** Answers that are held back. */
let held: ServerResponse[];
let isAsked: () => void;

beforeEach(async () => {
  held = [];
  isAsked = () => undefined;
  // Answers that are held back are waited for, however long the flood takes.
  jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => new AbortController().signal);
  server = await IntrospectingServer.start();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server.close();
});

const call = async (token: string) => await post(server.resource, toolCall('whoami'), { token });

/** Holds back the answers, until as many are held. */
function hold(count: number): Promise<void> {
  return new Promise((resolve) => {
    isAsked = () => {
      if (held.length === count) resolve();
    };
    server.answer = (response) => {
      held.push(response);
      isAsked();
    };
  });
}

function release(): void {
  server.answer = (response) => {
    sendJson(response, 200, { active: false });
  };
  for (const response of held) sendJson(response, 200, { active: false });
}

test('400 made up tokens: 20 are asked about at once, 100 wait, and the others are told to come back', async () => {
  expect((await call('known')).status).toBe(200);
  const isFull = hold(20);
  let refused = 0;
  let areRefused: () => void = () => undefined;
  const allRefused = new Promise<void>((resolve) => {
    areRefused = resolve;
  });
  const flood = Array.from({ length: 400 }, async () => {
    const response = await call(randomUUID());
    if (response.status === 503) refused += 1;
    if (refused === 280) areRefused();
    return [response.status, response.headers.get('retry-after')];
  });
  await Promise.all([isFull, allRefused]);
  expect(held).toHaveLength(20);
  // Who is known takes no part in it.
  expect((await call('known')).status).toBe(200);
  release();
  const answers = await Promise.all(flood);
  expect(answers.filter(([status]) => status === 401)).toHaveLength(120);
  expect(answers.filter(([status, retryAfter]) => status === 503 && retryAfter === '10')).toHaveLength(280);
  expect(server.asked).toHaveLength(121);
});

test('one made up token is asked about once, however often it comes', async () => {
  const isAskedOnce = hold(1);
  const flood = Array.from({ length: 300 }, async () => (await call('made-up')).status);
  await isAskedOnce;
  release();
  expect(new Set(await Promise.all(flood))).toEqual(new Set([401]));
  expect((await call('made-up')).status).toBe(401);
  expect(server.asked).toHaveLength(1);
});

test('how many is an option, and how often it was too many is counted', async () => {
  const telemetry = new Telemetry();
  telemetry.register();
  try {
    await server.close();
    server = await IntrospectingServer.start({ introspection: { maxConcurrent: 1, maxQueued: 0 } });
    const isFull = hold(1);
    const first = call('one');
    await isFull;
    expect((await call('two')).status).toBe(503);
    release();
    expect((await first).status).toBe(401);
    expect(await telemetry.counted('nestjs_mcp_auth.introspections.refused')).toEqual([
      [{ issuer: server.issuer.issuer }, 1],
    ]);
  } finally {
    await telemetry.unregister();
  }
});
