import process from 'node:process';
import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { McpAuthHealthIndicator } from 'nestjs-mcp-auth';
import { aheadBy } from '../support/clocks.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';
import { watchTimers } from '../support/watched-timers.js';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const;

/** Milliseconds that balancers have by default. */
const GRACE = 10_000;

let clocks: ReturnType<typeof aheadBy>;
let before: Map<NodeJS.Signals, readonly NodeJS.SignalsListener[]>;

beforeEach(() => {
  clocks = aheadBy(0);
  before = new Map([...SIGNALS, 'SIGUSR2' as const].map((signal) => [signal, process.listeners(signal)]));
});

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

/** What a signal does to the listeners of a test. Those of the process itself do not hear of it. */
function raise(signal: NodeJS.Signals): void {
  for (const listener of process.listeners(signal))
    if (before.get(signal)?.includes(listener) !== true) (listener as (signal: NodeJS.Signals) => void)(signal);
}

/** Timers wait for the test. */
function holdTimers(): void {
  const real = ['Date', 'performance', 'nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate', 'setInterval'];
  jest.useFakeTimers({ doNotFake: real as never });
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
}

const isListening = (app: INestApplication) => (app.getHttpServer() as Server).listening;

const stopping = async (app: INestApplication) =>
  (await app.get(McpAuthHealthIndicator, { strict: false }).check())['mcp-auth'].isStopping === true;

describe.each<Platform>(['express', 'fastify'])('a signal, on %s', (platform) => {
  let server: ProtectedServer;
  let handler: (() => void) | undefined;
  let closing: Promise<void>;

  async function start(): Promise<INestApplication> {
    server = await startProtectedServer({ platform });
    await server.app.listen(0, '127.0.0.1');
    // A balancer asks.
    expect(await stopping(server.app)).toBe(false);
    return server.app;
  }

  /** The application closes, as `enableShutdownHooks()` does it. The process goes on. */
  function handle(signal: NodeJS.Signals): void {
    handler = () => {
      closing = server.app.close();
    };
    process.once(signal, handler);
  }

  afterEach(async () => {
    await server.close();
    if (handler) for (const signal of before.keys()) process.off(signal, handler);
    for (const [signal, listeners] of before) expect(process.listeners(signal)).toEqual(listeners);
  });

  test.each(SIGNALS.flatMap((signal) => [[signal, 'before'] as const, [signal, 'after'] as const]))(
    '%s gives balancers time, if it is handled since %s the application listens',
    async (signal, since) => {
      if (since === 'before') handle(signal);
      const app = await start();
      if (since === 'after') handle(signal);
      await turns(1);
      holdTimers();
      raise(signal);
      await turns(50);
      expect(await stopping(app)).toBe(true);
      await jest.advanceTimersByTimeAsync(GRACE - 1);
      await turns(50);
      expect(isListening(app)).toBe(true);
      await jest.advanceTimersByTimeAsync(1);
      jest.useRealTimers();
      await closing;
      expect(isListening(app)).toBe(false);
    },
  );

  test('that comes twice stops once, and a second one waits for nobody', async () => {
    handle('SIGTERM');
    const app = await start();
    holdTimers();
    raise('SIGTERM');
    await turns(50);
    // Its parent got it, too, and passed it on.
    raise('SIGTERM');
    await turns(50);
    expect(isListening(app)).toBe(true);
    clocks.pass(1_001);
    raise('SIGTERM');
    await closing;
    expect(isListening(app)).toBe(false);
  });

  test('that stops no process, such as one of a debugger, gives no time', async () => {
    handle('SIGUSR2');
    await start();
    holdTimers();
    const timers = watchTimers();
    raise('SIGUSR2');
    await closing;
    expect(timers.pending).toBe(0);
  });

  test('ends the process if nobody handles it any more', async () => {
    handle('SIGTERM');
    await start();
    if (handler) process.off('SIGTERM', handler);
    const others = before.get('SIGTERM') ?? [];
    for (const other of others) process.off('SIGTERM', other);
    const kill = jest.spyOn(process, 'kill').mockReturnValue(true);
    raise('SIGTERM');
    for (const other of others) process.on('SIGTERM', other);
    expect(kill).toHaveBeenCalledWith(process.pid, 'SIGTERM');
  });
});
