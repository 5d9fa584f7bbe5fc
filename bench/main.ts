/**
 * Requests per second of one `tools/call` (era 2026-07-28), as ratios between servers that take turns in one run.
 * Absolute figures say more about the machine than about the code.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import autocannon from 'autocannon';
import type { ServerUnderLoad } from './servers.js';

const ROUNDS = 5;
const SECONDS = Number(process.env.BENCH_SECONDS ?? 3);
const CONNECTIONS = 16;

const names = ['http', 'sdk', 'fastify', 'express'] as const;
const marks = { fastify: 0.7, express: 0.55 };
type Name = (typeof names)[number];

const processes = new Map<Name, ChildProcess>();
const servers = new Map<Name, ServerUnderLoad>();
const rates = new Map<Name, number[]>(names.map((name) => [name, []]));

try {
  for (const name of names) {
    const process = fork(new URL('./server-process.js', import.meta.url), [name]);
    processes.set(name, process);
    servers.set(name, ((await once(process, 'message')) as [ServerUnderLoad])[0]);
  }
  for (const name of names) await load(name, 1);
  for (let round = 0; round < ROUNDS; round++) {
    for (const name of names) rates.get(name)?.push(await load(name, SECONDS));
  }
  report();
} finally {
  for (const process of processes.values()) process.kill();
}

async function load(name: Name, duration: number): Promise<number> {
  const server = servers.get(name);
  if (!server) throw new Error(`${name} is not running`);
  const result = await autocannon({
    url: server.url,
    method: 'POST',
    connections: CONNECTIONS,
    duration,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'echo',
      ...(server.token !== undefined && { authorization: `Bearer ${server.token}` }),
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name: 'echo',
        arguments: { text: 'hello' },
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${name}: ${result.non2xx} answers were not 2xx, ${result.errors} failed`);
  return result['2xx'] / result.duration;
}

function report(): void {
  const rateOf = (name: Name) => median(rates.get(name) ?? []);
  console.table(
    Object.fromEntries(
      names.map((name) => [
        {
          http: 'bare node:http',
          sdk: 'bare SDK on node:http',
          fastify: 'this package on Fastify',
          express: 'this package on Express',
        }[name],
        {
          'requests/s': Math.round(rateOf(name)),
          'of bare http': (rateOf(name) / rateOf('http')).toFixed(3),
          'of bare SDK': (rateOf(name) / rateOf('sdk')).toFixed(2),
          mark: name in marks ? marks[name as keyof typeof marks] : '',
        },
      ]),
    ),
  );
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
