import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { IntrospectingServer } from '../introspection/introspecting-server.js';
import { Telemetry } from '../observability/telemetry.js';
import { post, toolCall } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';

const trustProxy = (app: INestApplication) => {
  const express: { set: (name: string, value: unknown) => void } = app.getHttpAdapter().getInstance();
  express.set('trust proxy', true);
};

let server: IntrospectingServer;
/** Answers that are held back. */
let held: ServerResponse[];
let isAsked: () => void;

beforeEach(async () => {
  held = [];
  isAsked = () => undefined;
  // Answers that are held back are waited for, however long the flood takes, and are not late.
  jest.useFakeTimers({
    doNotFake: ['Date', 'performance', 'setImmediate', 'clearImmediate', 'nextTick', 'queueMicrotask'],
  });
  jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => new AbortController().signal);
  server = await IntrospectingServer.start();
});
afterEach(async () => {
  jest.restoreAllMocks();
  jest.useRealTimers();
  await server.close();
});

const call = async (token: string, address?: string) =>
  await post(server.resource, toolCall('whoami'), {
    token,
    headers: address === undefined ? {} : { 'x-forwarded-for': address },
  });

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

test('whoever floods from one address is refused for the sake of others, who wait for one turn', async () => {
  await server.close();
  server = await IntrospectingServer.start({ configure: trustProxy });
  const isFull = hold(20);
  let refused = 0;
  let areRefused: () => void = () => undefined;
  const allRefused = new Promise<void>((resolve) => {
    areRefused = resolve;
  });
  const flood = Array.from({ length: 200 }, async () => {
    const { status } = await call(randomUUID(), '192.0.2.1');
    if (status === 503) refused += 1;
    // The last one made room for the victim.
    if (refused === 81) areRefused();
    return status;
  });
  await isFull;
  const victim = call('victim', '192.0.2.2');
  await allRefused;
  const answerNext = (index: number) => {
    const isNextAsked = new Promise<void>((resolve) => (isAsked = resolve));
    sendJson(held[index] as ServerResponse, 200, { active: false });
    return isNextAsked;
  };
  // The turn that was next already, and then the victim's, before 98 others.
  await answerNext(0);
  await answerNext(1);
  const asked = server.asked.slice(20).map(({ body }) => body.token);
  expect(asked).toHaveLength(2);
  expect(asked).toContain('victim');
  sendJson(held[20 + asked.indexOf('victim')] as ServerResponse, 200, server.active());
  held.splice(20 + asked.indexOf('victim'), 1);
  held.splice(0, 2);
  expect((await victim).status).toBe(200);
  release();
  const statuses = await Promise.all(flood);
  expect(statuses.filter((status) => status === 503)).toHaveLength(81);
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
