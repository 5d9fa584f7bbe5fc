import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import autocannon from 'autocannon';
import type { ServerUnderLoad } from './servers.js';

const ROUNDS = 5;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 3);
const CONNECTIONS = 16;

/** A call of the tool that all servers under load have. */
export interface Call {
  readonly tool: string;
  readonly arguments: Record<string, unknown>;
}

/** What a server does under load. */
export interface Load {
  /** Requests per second. */
  readonly rate: number;
  /** Time of the processor for a request, in microseconds. */
  readonly cpuMicroseconds: number;
}

/** {@link loadsInTurn}, with the rates alone. */
export async function ratesInTurn<Name extends string>(
  names: readonly Name[],
  call: Call,
): Promise<Readonly<Record<Name, number>>> {
  const loads = await loadsInTurn(names, call);
  return Object.fromEntries(names.map((name) => [name, loads[name].rate])) as Record<Name, number>;
}

/**
 * Loads of servers that take turns in one run, each in a process of its own: the median of the rounds.
 *
 * @param names - as `server-process` knows them
 */
export async function loadsInTurn<Name extends string>(
  names: readonly Name[],
  call: Call,
): Promise<Readonly<Record<Name, Load>>> {
  const processes: ChildProcess[] = [];
  try {
    const servers: [Name, ServerUnderLoad, ChildProcess][] = [];
    for (const name of names) {
      const process = fork(new URL('./server-process.js', import.meta.url), [name]);
      processes.push(process);
      servers.push([name, ((await once(process, 'message')) as [ServerUnderLoad])[0], process]);
    }
    const loads = new Map<Name, Load[]>(names.map((name) => [name, []]));
    for (const [, server] of servers) await load(server, call, 1);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, server, process] of servers) {
        const before = await readCpu(process);
        const { rate, requests } = await load(server, call, SECONDS);
        const cpuMicroseconds = ((await readCpu(process)) - before) / requests;
        loads.get(name)?.push({ rate, cpuMicroseconds });
      }
    }
    const median = (all: readonly Load[]): Load => ({
      rate: findMedian(all.map(({ rate }) => rate)),
      cpuMicroseconds: findMedian(all.map(({ cpuMicroseconds }) => cpuMicroseconds)),
    });
    return Object.fromEntries([...loads].map(([name, all]) => [name, median(all)])) as Record<Name, Load>;
  } finally {
    for (const process of processes) process.kill();
  }
}

/** Time of the processor that a server has used, in microseconds. */
async function readCpu(server: ChildProcess): Promise<number> {
  server.send('cpu');
  const [{ user, system }] = (await once(server, 'message')) as [NodeJS.CpuUsage];
  return user + system;
}

async function load(
  { url, token }: ServerUnderLoad,
  call: Call,
  duration: number,
): Promise<{ readonly rate: number; readonly requests: number }> {
  const result = await autocannon({
    url,
    method: 'POST',
    connections: CONNECTIONS,
    duration,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': call.tool,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(toolCall(call)),
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} answers were not 2xx, ${result.errors} failed`);
  return { rate: result['2xx'] / result.duration, requests: result['2xx'] };
}

/** A `tools/call` of the era 2026-07-28. */
export function toolCall({ tool, arguments: args }: Call): object {
  return {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: {
      name: tool,
      arguments: args,
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': {},
      },
    },
  };
}

function findMedian(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
