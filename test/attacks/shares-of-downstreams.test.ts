import type { ServerResponse } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import type { Downstream } from 'nestjs-mcp-auth';
import { startRunningTool, type RunningTool } from '../downstream/running-tool.js';
import { sendJson } from '../support/test-issuer.js';

let tool: RunningTool;
/** Requests that the API has not answered. */
let held: ServerResponse[];
let onHeld: () => void;

afterEach(async () => {
  for (const response of held) if (!response.writableEnded) sendJson(response, 200, {});
  await tool.close();
});

async function start(maxConcurrent: number, maxQueued: number): Promise<void> {
  held = [];
  onHeld = () => undefined;
  tool = await startRunningTool({ orders: { http: { maxConcurrent, maxQueued, circuitBreaker: false } } });
}

function holdBack(path: string): Promise<void> {
  return new Promise((resolve) => {
    onHeld = resolve;
    tool.orders.answers.set(path, (_request, response) => {
      held.push(response);
      onHeld();
    });
  });
}

test('one call that asks an API a hundred times at once leaves the API to others', async () => {
  await start(1, 20);
  const isAsked = holdBack('/v1/many');
  const outcomes: string[] = [];
  const ask = async (client: Downstream) =>
    await client.json('/many').then(
      () => outcomes.push('answered'),
      (error: unknown) => outcomes.push((error as { code: string }).code),
    );
  const flood = tool.returned(async (client) => await Promise.all(Array.from({ length: 100 }, () => ask(client))));
  await isAsked;
  expect(outcomes).toEqual(Array.from({ length: 79 }, () => 'downstream_overloaded'));
  const isHeard = new Promise<void>((resolve) => {
    tool.orders.answers.set('/v1/one', (_request, response) => {
      resolve();
      sendJson(response, 200, { of: 'victim' });
    });
  });
  const victim = tool.returnedTo(
    await tool.token({ sub: 'victim' }),
    async (client) => await client.json<{ of: string }>('/one'),
  );
  // It takes the place of the last of the flood, and its turn comes after one of the twenty.
  while (outcomes.length < 80) await new Promise((resolve) => setImmediate(resolve));
  onHeld = () => {
    onHeld = () => undefined;
    sendJson(held[1] as ServerResponse, 200, {});
  };
  sendJson(held[0] as ServerResponse, 200, {});
  await isHeard;
  expect(await victim).toEqual({ of: 'victim' });
  expect(outcomes.filter((outcome) => outcome === 'answered')).toHaveLength(2);
  tool.orders.answers.delete('/v1/many');
  for (const response of held) if (!response.writableEnded) sendJson(response, 200, {});
  await flood;
  expect(outcomes.filter((outcome) => outcome === 'answered')).toHaveLength(20);
});
