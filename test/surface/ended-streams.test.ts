import { createSecretKey, randomBytes } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import { InMemoryServerEventBus, type ServerEvent } from '@modelcontextprotocol/server';
import { listenToAllowed } from '../../lib/mcp/notifications/allowed-events.js';
import { ChangeNotifications } from '../../lib/mcp/notifications/change-notifications.js';
import { EventStreams } from '../../lib/mcp/notifications/event-streams.js';
import { Subscriptions } from '../../lib/mcp/notifications/subscriptions.js';
import { InFlight } from '../../lib/mcp/protocol/in-flight.js';
import { OpenStreams } from '../../lib/mcp/protocol/open-streams.js';
import { SubscriptionStreams } from '../../lib/mcp/protocol/subscription-streams.js';
import type { ResolvedOptions } from '../../lib/options/resolved-options.js';
import { Revocations } from '../../lib/resource-server/authentication/revocations.js';
import { callerLimits } from '../support/caller-limits.js';
import { watchTimers } from '../support/watched-timers.js';

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

const UPDATED: ServerEvent = { kind: 'resource_updated', uri: 'orders://42' };

/** A bus that says how many listen. */
function watchedBus() {
  const bus = new InMemoryServerEventBus();
  let listeners = 0;
  const subscribe = bus.subscribe.bind(bus);
  jest.spyOn(bus, 'subscribe').mockImplementation((listener) => {
    const unsubscribe = subscribe(listener);
    listeners += 1;
    return () => {
      listeners -= 1;
      unsubscribe();
    };
  });
  return { bus, count: () => listeners };
}

test('who has stopped listening is kept by nobody, and hears nothing that was on its way', async () => {
  const { bus, count } = watchedBus();
  const heard: ServerEvent[] = [];
  let decide: (mayRead: boolean) => void = () => undefined;
  const stop = listenToAllowed(
    bus,
    () => new Promise((resolve) => (decide = resolve)),
    (event) => heard.push(event),
  );
  expect(count()).toBe(1);
  bus.publish(UPDATED);
  await Promise.resolve();
  stop();
  decide(true);
  await new Promise((resolve) => setImmediate(resolve));
  expect([count(), heard]).toEqual([0, []]);
});

test('a stream of notifications whose client has gone leaves neither a timer nor a listener', () => {
  jest.useFakeTimers();
  const timers = watchTimers();
  const { bus, count } = watchedBus();
  const quiet = { bus, onHanded: () => undefined, hand: () => undefined } as never;
  const limits = callerLimits();
  const open = new OpenStreams(new Revocations());
  const streams = new SubscriptionStreams(
    new EventStreams(quiet),
    new Subscriptions(quiet, limits),
    {} as never,
    {} as never,
    {} as never,
    new InFlight({} as never, limits, open),
    open,
  );
  const responses = ['one', 'another'].map((id) => {
    const response = new ServerResponse(new IncomingMessage(new Socket()));
    const clientInfo = { name: 'x', version: '1' };
    streams.listen({ id, protocolVersion: '2025-11-25', capabilities: {}, clientInfo }, undefined, response);
    return response;
  });
  const held = () => [timers.pending, count(), limits.of('streams').count];
  expect(held()).toEqual([1, 1, 2]);
  responses[0]?.emit('close');
  expect(held()).toEqual([1, 1, 1]);
  responses[1]?.emit('close');
  expect(held()).toEqual([0, 0, 0]);
});

test('a server that has stopped listens to no other replica', async () => {
  let listeners = 0;
  const bus = {
    publish: () => undefined,
    subscribe: () => {
      listeners += 1;
      return () => void (listeners -= 1);
    },
  };
  const replicas = { bus, keys: [createSecretKey(randomBytes(32))] };
  const options = { resource: 'https://mcp.test', replicas } as unknown as ResolvedOptions;
  const notifications = new ChangeNotifications(options, { onChange: () => undefined } as never, new Revocations());
  await notifications.onModuleInit();
  expect(listeners).toBe(1);
  await notifications.onModuleDestroy();
  expect(listeners).toBe(0);
});
