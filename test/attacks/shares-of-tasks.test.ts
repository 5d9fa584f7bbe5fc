import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';
import { SharedServer } from './shares.js';

interface Task {
  readonly taskId: string;
  readonly status: string;
  readonly error?: { readonly message: string };
}

describe.each([
  ['express', 'this process'],
  ['fastify', 'a store that replicas share'],
] as const)('on %s, with tasks in %s, one caller who begins tasks without end', (platform, place) => {
  let shared: SharedServer;
  const adapter = new MemoryAdapter();
  beforeAll(async () => {
    const limits = {
      perCaller: { keptTasks: 5, runningTasks: 2, bytesOfEach: 20_000 },
      inAll: { keptTasks: 8, bytesOfEach: 40_000 },
    };
    const replicas = place === 'this process' ? {} : { store: adapter, keys: [randomBytes(32)] };
    shared = await SharedServer.start(platform, limits, { replicas });
  });
  afterEach(() => shared.reset('runningTasks'));
  afterAll(() => shared.close());

  async function begin(name: string, tool: string, args: Record<string, unknown> = {}): Promise<Response> {
    return await shared.ask(name, 'tools/call', { name: tool, arguments: args });
  }

  const taskOf = async (response: Response) => ((await response.json()) as { result: Task }).result;

  /** A task that is over. */
  async function finish(name: string, size = 10): Promise<Task> {
    const { taskId } = await taskOf(await begin(name, 'produce', { size }));
    for (;;) {
      const task = await find(name, taskId);
      if (task && task.status !== 'working') return task;
    }
  }

  async function find(name: string, taskId: string): Promise<Task | undefined> {
    const response = await shared.ask(name, 'tasks/get', { taskId });
    return ((await response.json()) as { result?: Task }).result;
  }

  test('loses the oldest of its own that are over, and no other caller loses any', async () => {
    const mine = await finish('victim');
    const theirs: Task[] = [];
    for (let index = 0; index < 20; index += 1) theirs.push(await finish('attacker'));
    expect(await find('victim', mine.taskId)).toMatchObject({ status: 'completed' });
    const found = await Promise.all(theirs.map(async ({ taskId }) => (await find('attacker', taskId)) !== undefined));
    expect(found).toEqual(theirs.map((_task, index) => index >= 15));
    expect(shared.held('keptTasks').count).toBe(6);
    if (place !== 'this process') expect(adapter.entries.size).toBe(6);
    expect(shared.told('keptTasks')).toEqual(['attacker caller displaced']);
  });

  test('makes room when there is none for others', async () => {
    for (let index = 0; index < 5; index += 1) await finish('attacker');
    const mine = [await finish('victim'), await finish('third'), await finish('third'), await finish('third')];
    expect(await find('victim', mine[0]?.taskId ?? '')).toBeDefined();
    expect(shared.held('keptTasks').count).toBe(8);
    if (place !== 'this process') expect(adapter.entries.size).toBe(8);
  });

  test('is refused more that run at once, and another caller is not', async () => {
    const running = [await taskOf(await begin('attacker', 'wait')), await taskOf(await begin('attacker', 'wait'))];
    const refused = await begin('attacker', 'wait');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2']);
    expect(await refused.text()).toContain('"quantity":"runningTasks"');
    expect((await taskOf(await begin('victim', 'wait'))).status).toBe('working');
    for (let index = 0; index < 10; index += 1) await begin('attacker', 'produce', { size: 10 });
    for (const { taskId } of running) expect(await find('attacker', taskId)).toMatchObject({ status: 'working' });
  });

  test('still runs as many when it cancels them, as long as the methods go on', async () => {
    for (let index = 0; index < 2; index += 1) {
      const { taskId } = await taskOf(await begin('attacker', 'wait'));
      await shared.ask('attacker', 'tasks/cancel', { taskId });
    }
    expect((await begin('attacker', 'wait')).status).toBe(429);
  });

  test('cannot keep results that take more memory than its share', async () => {
    const mine = await finish('victim');
    const task = await finish('attacker', 50_000);
    while ((await find('attacker', task.taskId))?.status === 'completed') await shared.ask('attacker', 'tools/list');
    expect(await find('attacker', task.taskId)).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('too large') },
    });
    expect(shared.held('keptTasks').bytes).toBeLessThanOrEqual(40_000);
    expect(await find('victim', mine.taskId)).toBeDefined();
  });

  test('cannot keep arguments that take more memory than its share', async () => {
    const refused = await begin('attacker', 'wait', { text: 'x'.repeat(15_000) });
    expect(refused.status).toBe(429);
    expect((await begin('victim', 'wait')).status).toBe(200);
  });
});
