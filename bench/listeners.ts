import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { startProcess } from './forked-process.js';
import type { Held, ListenedTo, Question } from './listener-process.js';
import { writeMessage } from './messages.js';
import type { NodeRelease } from './node-releases.js';
import type { Cell, Table } from './results.js';
import { getIssuer } from './server-under-load.js';
import type { ServerUnderLoad } from './servers/listen.js';
import type { Effort } from './turns.js';

/** As many as the server takes by default. */
const LISTENERS = 10_000;

const OPENED_AT_ONCE = 50;

/** Those before the others. */
const FIRST = ['a', 'b', 'c'];

/** A listener: its connection, and what is to come. */
interface Listener {
  readonly socket: Socket;
  /** Milliseconds, by the clock of this process. */
  readonly told: Promise<number>;
}

/** Idle `subscriptions/listen`: what each holds, how fast one change reaches all of them, and what stays behind. */
export async function listeners({ node, amount }: Effort): Promise<readonly Table[]> {
  const count = 'requests' in amount ? amount.requests : LISTENERS;
  const rows: Record<string, Cell>[] = [];
  for (const kind of ['node:http', 'fastify', 'express'] as const)
    rows.push(await measure(kind, Math.max(count - FIRST.length, 1), node));
  return [
    {
      name: 'listeners',
      title: `${count.toLocaleString('en')} idle listeners, and one change`,
      note: 'Each has a connection and a caller of its own. The client is on the same machine, and takes its part of the time. `node:http` is what connections with one answer cost in Node: no token, no names, nothing remembered. What is left behind is asked when all connections are closed, and two seconds have gone by.',
      rows,
      ratios: {},
    },
  ];
}

async function measure(kind: ListenedTo, count: number, node: NodeRelease): Promise<Record<string, Cell>> {
  const { issuer, sign } = await getIssuer();
  const { child, answer } = await startProcess<ServerUnderLoad>('listener-process', [kind, issuer], node);
  try {
    const { url } = answer;
    const open = async (name: string) => await openListener(url, sign({ aud: url, sub: name, scope: 'echo' }));
    // What the first ones cost is that of the code.
    const first = await Promise.all(FIRST.map(open));
    const before = await ask(child, 'hold');
    const all: Listener[] = [];
    while (all.length < count) {
      const names = Array.from(
        { length: Math.min(OPENED_AT_ONCE, count - all.length) },
        (_, n) => `user-${all.length + n}`,
      );
      all.push(...(await Promise.all(names.map(open))));
    }
    const held = await ask(child, 'hold');
    const changedAt = performance.now();
    const { cpu } = await ask(child, 'change');
    const delays = (await Promise.all(all.map(({ told }) => told))).map((at) => at - changedAt).sort((a, b) => a - b);
    const used = (await ask(child, 'hold')).cpu - Math.min(cpu, held.cpu);
    const closed = [...first, ...all].map(({ socket }) => once(socket.destroy(), 'close'));
    await Promise.all(closed);
    const after = await ask(child, 'rest');
    return {
      server: kind === 'node:http' ? kind : `this package, ${kind}`,
      'kB of heap for each': (held.heap - before.heap) / count / 1000,
      'kB of the process for each': (held.rss - before.rss) / count / 1000,
      'told after (median, ms)': Math.round(delays[Math.floor(delays.length / 2)] ?? NaN),
      'told after (last, ms)': Math.round(delays.at(-1) ?? NaN),
      'CPU of the change (ms)': Math.round(used / 1000),
      'MB of heap left behind': Math.round((after.heap - before.heap) / 1e6),
      'MB of the process left behind': Math.round((after.rss - before.rss) / 1e6),
    };
  } finally {
    child.kill();
  }
}

async function ask(child: ChildProcess, question: Question): Promise<Held> {
  child.send(question);
  const [held] = (await once(child, 'message')) as [Held];
  return held;
}

/** Opens a listener by as little as it takes, so that the client costs little. */
async function openListener(url: string, token: string): Promise<Listener> {
  const { hostname, port, host, pathname } = new URL(url);
  const { headers, body } = writeMessage({
    method: 'subscriptions/listen',
    params: { notifications: { toolsListChanged: true } },
  });
  const lines = Object.entries({
    host,
    authorization: `Bearer ${token}`,
    ...headers,
    'content-length': body.length,
  }).map(([name, value]) => `${name}: ${value}`);
  const socket = connect(Number(port), hostname);
  socket.write(`POST ${pathname} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
  return await new Promise((resolve, reject) => {
    let tell: (at: number) => void = () => undefined;
    const told = new Promise<number>((settle) => (tell = settle));
    let text = '';
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
      if (text.includes('tools/list_changed')) tell(performance.now());
      else if (text.includes('notifications/subscriptions/acknowledged')) resolve({ socket, told });
      else if (!text.startsWith('HTTP/1.1 200')) reject(new Error(text));
    });
    socket.once('error', reject);
  });
}
