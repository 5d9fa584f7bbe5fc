import { createSecretKey, randomBytes } from 'node:crypto';
import { afterEach, expect, jest, test } from '@jest/globals';
import { InMemoryServerEventBus, type ServerEvent } from '@modelcontextprotocol/server';
import { listenToAllowed } from '../../lib/mcp/notifications/allowed-events.js';
import { ChangeNotifications } from '../../lib/mcp/notifications/change-notifications.js';
import { Subscriptions } from '../../lib/mcp/notifications/subscriptions.js';
import type { ResolvedOptions } from '../../lib/options/resolved-options.js';
import { Revocations } from '../../lib/resource-server/authentication/revocations.js';
import { callerLimits } from '../support/caller-limits.js';

afterEach(() => {
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

test('a stream of notifications whose client has gone leaves neither a timer nor a listener', async () => {
  jest.useFakeTimers();
  const { bus, count } = watchedBus();
  const quiet = { bus, onHanded: () => undefined, hand: () => undefined };
  const subscriptions = new Subscriptions(quiet as never, callerLimits());
  const { body } = subscriptions.openStream('party', () => true);
  expect([jest.getTimerCount(), count()]).toEqual([1, 1]);
  await body?.cancel();
  expect([jest.getTimerCount(), count()]).toEqual([0, 0]);
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
