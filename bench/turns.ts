import { writeMessage, type Era, type Message } from './messages.js';
import type { NodeRelease } from './node-releases.js';
import type { ServerChoice } from './server-process.js';
import { BenchServer, type Amount, type Load } from './server-under-load.js';

/** Requests before the first turn that counts: a compiler needs thousands until it has done what it can. */
const WARM_UP = 8_000;

/** Turns that these may take. */
const MOST_WARM_UP = 4;

/** How much is measured. */
export interface Effort {
  readonly rounds: number;
  /** Of a turn. */
  readonly amount: Amount;
  /** What most is measured on. */
  readonly node: NodeRelease;
  readonly nodes: readonly NodeRelease[];
}

/** What takes part in a comparison. */
export interface Turn {
  readonly server: ServerChoice;
  readonly message: Message;
  readonly era?: Era;
}

/**
 * Loads of servers that take turns in one run, each in a process of its own: the median of the rounds. So whatever else
 * the machine does, it does to all of them.
 */
export async function loadInTurn<Name extends string>(
  turns: Readonly<Record<Name, Turn>>,
  { rounds, amount }: Effort,
  node: NodeRelease,
): Promise<Readonly<Record<Name, Load>>> {
  const servers = new Map<string, BenchServer>();
  try {
    const parts: { name: Name; loads: Load[]; load: (amount: Amount) => Promise<Load> }[] = [];
    for (const [name, { server: choice, message, era = '2026-07-28' }] of Object.entries<Turn>(turns)) {
      const key = JSON.stringify(choice);
      const server = servers.get(key) ?? (await BenchServer.start(choice, node));
      servers.set(key, server);
      const token = await server.createToken();
      await server.ask(message, era, token);
      const written = writeMessage(message, era);
      parts.push({ name: name as Name, loads: [], load: (much) => server.load(written, [token], much) });
    }
    for (const { load } of parts) await warmUp(load, amount);
    for (let round = 0; round < rounds; round += 1) for (const { loads, load } of parts) loads.push(await load(amount));
    return Object.fromEntries(parts.map(({ name, loads }) => [name, findMedianLoad(loads)])) as Record<Name, Load>;
  } finally {
    for (const server of servers.values()) server.stop();
  }
}

async function warmUp(load: (amount: Amount) => Promise<Load>, amount: Amount): Promise<void> {
  let sent = 0;
  for (let turn = 0; sent < WARM_UP && turn < MOST_WARM_UP; turn += 1) {
    sent += (await load(amount)).requests;
    if ('requests' in amount) return;
  }
}

function findMedianLoad(loads: readonly Load[]): Load {
  return {
    requests: loads.reduce((sum, { requests }) => sum + requests, 0),
    rate: findMedian(loads.map(({ rate }) => rate)),
    cpu: findMedian(loads.map(({ cpu }) => cpu)),
  };
}

function findMedian(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
