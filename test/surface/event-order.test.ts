import { setImmediate as nextTurn } from 'node:timers/promises';
import { InMemoryServerEventBus, type ServerEvent } from '@modelcontextprotocol/server';
import { expect, test } from '@jest/globals';
import { listenToAllowed, type MayRead } from '../../lib/mcp/notifications/allowed-events.js';

const UPDATED = { kind: 'resource_updated', uri: 'news://today' } as const;
const TOOLS = { kind: 'tools_list_changed' } as const;
const PROMPTS = { kind: 'prompts_list_changed' } as const;

function listen(mayRead: MayRead) {
  const bus = new InMemoryServerEventBus();
  const told: ServerEvent[] = [];
  const stop = listenToAllowed(bus, mayRead, (event) => told.push(event));
  return { bus, told, stop };
}

test('what needs no check is told at once', () => {
  const { bus, told } = listen(() => false);
  bus.publish(TOOLS);
  bus.publish(PROMPTS);
  expect(told).toEqual([TOOLS, PROMPTS]);
});

test('nothing overtakes what is being checked', async () => {
  let decide: (isAllowed: boolean) => void = () => undefined;
  const { bus, told } = listen(() => new Promise((resolve) => (decide = resolve)));
  bus.publish(UPDATED);
  bus.publish(TOOLS);
  await nextTurn();
  expect(told).toEqual([]);
  decide(true);
  await nextTurn();
  expect(told).toEqual([UPDATED, TOOLS]);
  bus.publish(PROMPTS);
  expect(told).toEqual([UPDATED, TOOLS, PROMPTS]);
});

test.each<[string, MayRead]>([
  ['is denied', () => false],
  ['fails', () => Promise.reject(new Error('no'))],
])('an event whose check %s is left out, and the next ones are told', async (_how, mayRead) => {
  const { bus, told } = listen(mayRead);
  bus.publish(UPDATED);
  bus.publish(TOOLS);
  await nextTurn();
  expect(told).toEqual([TOOLS]);
});

test('a listener that has stopped is told nothing that was being checked', async () => {
  const { bus, told, stop } = listen(() => Promise.resolve(true));
  bus.publish(UPDATED);
  stop();
  bus.publish(TOOLS);
  await nextTurn();
  expect(told).toEqual([]);
});
