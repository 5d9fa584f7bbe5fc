import { callTool, type Message } from './messages.js';
import type { Table } from './results.js';
import { loadInTurn, type Effort, type Turn } from './turns.js';

const SIZES = { '1 kB': 1_000, '100 kB': 100_000, '1 MB': 1_000_000 };

/** A `tools/call`, by the size of its arguments and of its result. */
export async function sizes(effort: Effort): Promise<readonly Table[]> {
  const rows: Record<string, string | number>[] = [];
  const ratios: Record<string, number> = {};
  for (const [size, length] of Object.entries(SIZES)) {
    const messages: Record<string, Message> = {
      arguments: callTool('echo', { text: 'x'.repeat(length), length: 2 }),
      result: callTool('echo', { text: '', length }),
    };
    for (const [part, message] of Object.entries(messages)) {
      const turns: Record<'http' | 'sdk' | 'fastify' | 'express', Turn> = {
        http: { server: { kind: 'http' }, message },
        sdk: { server: { kind: 'sdk' }, message },
        fastify: { server: { kind: 'protected', platform: 'fastify' }, message },
        express: { server: { kind: 'protected', platform: 'express' }, message },
      };
      const { http, sdk, fastify, express } = await loadInTurn(turns, effort, effort.node);
      ratios[`${part} of ${size}, Fastify against the SDK`] = sdk.cpu / fastify.cpu;
      rows.push({
        size,
        'of the': part,
        'bare `node:http`': Math.round(http.cpu),
        'SDK, low-level server': Math.round(sdk.cpu),
        'this package on Fastify': Math.round(fastify.cpu),
        'this package on Express': Math.round(express.cpu),
        'ratio to the SDK, Fastify': sdk.cpu / fastify.cpu,
      });
    }
  }
  return [
    { name: 'sizes', title: 'A `tools/call` by the size of its arguments or its result, in µs CPU', rows, ratios },
  ];
}
