import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { KeptTasks } from '../../lib/mcp/tasks/kept-tasks.js';
import { RunningTask, type RunInTask } from '../../lib/mcp/tasks/running-task.js';
import type { ResolvedOptions } from '../../lib/options/resolved-options.js';
import { resolveReplicas } from '../../lib/replicas/replica-options.js';
import type { Caller } from '../../lib/resource-server/access/caller.js';
import { Revocations } from '../../lib/resource-server/authentication/revocations.js';
import { callerLimits } from '../support/caller-limits.js';
import { watchTimers, type WatchedTimers } from '../support/watched-timers.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';

const TTL = 60_000;
const context = { mcpReq: {} } as never;
const caller = { issuer: 'https://id.test', subject: 'alice' } as Caller;

let timers: WatchedTimers;

beforeEach(() => {
  jest.useFakeTimers();
  timers = watchTimers();
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

function start(run: RunInTask) {
  const signals: AbortSignal[] = [];
  const task = new RunningTask(
    { owner: 'o', tool: 't', arguments: {}, readings: [] },
    caller,
    { ttlMs: TTL } as never,
    () => Promise.resolve(),
  );
  const over = task.run((round) => {
    signals.push(round.mcpReq.signal);
    return run(round);
  }, context);
  return { task, over, signal: () => signals.at(-1) };
}

const forever = () => new Promise(() => undefined);

describe('a task that is over leaves no timer behind', () => {
  test.each<[string, RunInTask]>([
    ['with a result', () => Promise.resolve({ content: [] })],
    ['with an error', () => Promise.reject(new Error('x'))],
  ])('%s', async (_how, run) => {
    const { over } = start(run);
    expect(timers.pending).toBe(1);
    await over;
    expect(timers.pending).toBe(0);
  });
});

test('a task that takes longer than it may fails, and its method is told', () => {
  const { task, signal } = start(forever);
  jest.advanceTimersByTime(TTL - 1);
  expect([task.record.status, signal()?.aborted]).toEqual(['working', false]);
  jest.advanceTimersByTime(1);
  expect([task.record.status, signal()?.aborted]).toEqual(['failed', true]);
});

test.each<[string, (task: RunningTask) => void]>([
  ['cancelled', (task) => task.cancel()],
  ['failed', (task) => task.stop('x')],
])('a task that is %s tells its method, and stays so', async (status, end) => {
  let finish: (result: unknown) => void = () => undefined;
  const { task, over, signal } = start(() => new Promise((resolve) => (finish = resolve)));
  end(task);
  expect([task.record.status, signal()?.aborted]).toEqual([status, true]);
  finish({ content: [] });
  await over;
  task.cancel();
  task.stop('y');
  expect(task.record.status).toBe(status);
});

describe('the tasks of a server', () => {
  const keep = async () => {
    const replicas = resolveReplicas({ keys: [new Uint8Array(32).map((_, at) => at)], store: new MemoryAdapter() });
    const options = { resource: 'https://mcp.test', replicas } as ResolvedOptions;
    const limits = callerLimits();
    const tasks = new KeptTasks(options, limits, new Revocations());
    const call = { owner: tasks.identifyOwner(caller), tool: 't', arguments: {}, readings: [] };
    const task = new RunningTask(call, caller, { ttlMs: TTL } as never, (one) => tasks.save(one));
    const lease = await tasks.add(task);
    return { tasks, task, lease, limits, other: new KeptTasks(options, callerLimits(), new Revocations()) };
  };

  test('are known as running until they are released, and only so long', async () => {
    const { tasks, task } = await keep();
    expect(tasks.findRunning(task.record.taskId)).toBe(task);
    tasks.release(task);
    expect(tasks.findRunning(task.record.taskId)).toBeUndefined();
  });

  test('fail when the server stops, and other replicas say so', async () => {
    const { tasks, task, other } = await keep();
    await tasks.onModuleDestroy();
    const found = await other.find(task.record.taskId, caller);
    expect([task.record.status, found?.task.status]).toEqual(['failed', 'failed']);
  });

  test('that cannot be kept hold no share, and do not run', async () => {
    const { tasks, limits } = await keep();
    const full = callerLimits({ perCaller: { keptTasks: 1 } });
    const small = new KeptTasks({ resource: 'r', replicas: {} } as ResolvedOptions, full, new Revocations());
    const call = { owner: 'o', tool: 't', arguments: {}, readings: [] };
    const make = () => new RunningTask(call, caller, { ttlMs: TTL } as never, () => Promise.resolve());
    await small.add(make());
    const refused = make();
    await expect(small.add(refused)).rejects.toThrow();
    expect(small.findRunning(refused.record.taskId)).toBeUndefined();
    expect(full.of('runningTasks').count).toBe(1);
    expect(limits.of('runningTasks').count).toBe(1);
    await tasks.onModuleDestroy();
  });
});
