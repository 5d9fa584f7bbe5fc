import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { ServerContext } from '@modelcontextprotocol/server';
import { CallEnding } from '../../lib/mcp/invocation/call-ending.js';
import { Ending } from '../../lib/time/ending.js';
import { EventStreams } from '../../lib/mcp/notifications/event-streams.js';
import { relay } from '../../lib/mcp/protocol/relayed-response.js';
import { runAt } from '../../lib/mcp/protocol/run-at.js';
import { RunningTask } from '../../lib/mcp/tasks/running-task.js';
import { Cancellation } from '../../lib/on-behalf-of/downstream/cancellation.js';
import { waitFor } from '../../lib/time/time-limit.js';
import { watchTimers, type WatchedTimers } from '../support/watched-timers.js';

let timers: WatchedTimers;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'performance'] });
  timers = watchTimers();
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Begins what has a timer, and ends it. */
type Case = () => Promise<() => unknown> | (() => unknown);

const call = () => ({ ending: new Ending(), abandon: new Set<never>() }) as never;

const late = () => new Error('late');

function beginTask(run: () => Promise<unknown>): RunningTask {
  const support = { required: false, ttlMs: 60_000, pollIntervalMs: 1_000 };
  const task = new RunningTask({ owner: 'o', tool: 't', arguments: {}, readings: [] }, undefined, support, () =>
    Promise.resolve(),
  );
  void task.run(run, { mcpReq: {} } as ServerContext);
  return task;
}

const CASES: readonly (readonly [what: string, begin: Case])[] = [
  [
    'a wait whose work is done',
    () => {
      let finish: () => void = () => undefined;
      void waitFor(new Promise<void>((resolve) => (finish = resolve)), 60_000, late);
      return finish;
    },
  ],
  [
    'a wait whose work fails',
    () => {
      let fail: (reason: Error) => void = () => undefined;
      waitFor(new Promise<void>((_resolve, reject) => (fail = reject)), 60_000, late).catch(() => undefined);
      return () => {
        fail(new Error('failed'));
      };
    },
  ],
  [
    'a request that is answered in time',
    () => {
      let finish: () => void = () => undefined;
      const cancellation = new Cancellation(call(), undefined);
      void cancellation.limit(new Promise<void>((resolve) => (finish = resolve)), 60_000, late);
      return finish;
    },
  ],
  [
    'a pause between two requests that is cancelled',
    () => {
      const cancellation = new Cancellation(call(), undefined);
      cancellation.sleep(60_000).catch(() => undefined);
      return () => {
        cancellation.abort(new Error('cancelled'));
      };
    },
  ],
  [
    'a call that ends before its time is over',
    () => {
      const signal = new CallEnding(60_000, new Ending());
      return () => {
        signal.release();
      };
    },
  ],
  [
    'a task that is completed',
    () => {
      let finish: () => void = () => undefined;
      beginTask(() => new Promise<void>((resolve) => (finish = resolve)));
      return () => {
        finish();
      };
    },
  ],
  [
    'a task that fails',
    () => {
      let fail: (reason: Error) => void = () => undefined;
      beginTask(() => new Promise<void>((_resolve, reject) => (fail = reject)));
      return () => {
        fail(new Error('failed'));
      };
    },
  ],
  [
    'a stream of a token that its client leaves',
    () => {
      const stream = relay(new Response(new ReadableStream()), { endsAt: Date.now() + 60_000 });
      return () => stream.body?.cancel();
    },
  ],
  [
    'a stream of a token that is over before',
    () => {
      let close: () => void = () => undefined;
      const source = new ReadableStream({
        start: (controller) => {
          close = () => {
            controller.close();
          };
        },
      });
      void relay(new Response(source), { endsAt: Date.now() + 60_000 }).text();
      return close;
    },
  ],
  ['an action that is called off', () => runAt(Date.now() + 60_000, () => undefined)],
  [
    'a stream of notifications that its client leaves',
    () => {
      const bus = { subscribe: () => () => undefined };
      const streams = new EventStreams({ bus } as never);
      const stream = { isOver: false, hears: () => true, tell: () => undefined, keepAlive: () => undefined };
      streams.add(stream);
      return () => {
        streams.delete(stream);
      };
    },
  ],
];

describe('no timer stays', () => {
  test.each(CASES)('of %s', async (_what, begin) => {
    const end = await begin();
    expect(timers.pending).toBe(1);
    await end();
    await settle();
    expect(timers.pending).toBe(0);
  });
});
