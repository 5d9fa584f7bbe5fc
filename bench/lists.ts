import { ECHO, ERAS, type Message } from './messages.js';
import type { Table } from './results.js';
import type { ServerChoice } from './server-process.js';
import { BenchServer } from './server-under-load.js';
import { loadInTurn, type Effort, type Turn } from './turns.js';

const COUNTS = [10, 50, 1_000];

const SERVERS: Readonly<Record<string, Omit<ServerChoice, 'tools'>>> = {
  'SDK, `McpServer`': { kind: 'mcp-server' },
  'mcp-nest on Fastify': { kind: 'mcp-nest', platform: 'fastify' },
  'this package on Fastify': { kind: 'protected', platform: 'fastify' },
};

const BARE = 'bare `node:http`, as many bytes';

/** `tools/list` and `tools/call`, by the number of tools. */
export async function lists(effort: Effort): Promise<readonly Table[]> {
  return [await measure('tools/list', { method: 'tools/list' }, effort), await measure('tools/call', ECHO, effort)];
}

async function measure(name: string, message: Message, effort: Effort): Promise<Table> {
  const rows: Record<string, string | number>[] = [];
  const ratios: Record<string, number> = {};
  for (const tools of COUNTS) {
    const bytes = await countBytes({ kind: 'protected', platform: 'fastify', tools }, message, effort);
    const turns = Object.fromEntries(
      Object.entries<ServerChoice>({ [BARE]: { kind: 'bytes', bytes }, ...SERVERS }).map(
        ([server, choice]): [string, Turn] => [server, { server: { ...choice, tools }, message }],
      ),
    );
    const loads = await loadInTurn(turns, effort, effort.node);
    const ours = loads['this package on Fastify']?.cpu ?? NaN;
    const against = (server: string) => (loads[server]?.cpu ?? NaN) / ours;
    ratios[`${tools} tools against McpServer`] = against('SDK, `McpServer`');
    ratios[`${tools} tools against mcp-nest`] = against('mcp-nest on Fastify');
    rows.push({
      tools,
      'bytes of the answer': bytes,
      ...Object.fromEntries(Object.entries(loads).map(([server, { cpu }]) => [server, Math.round(cpu)])),
      'this package, without the bytes': Math.round(ours - (loads[BARE]?.cpu ?? NaN)),
      'ratio to McpServer': against('SDK, `McpServer`'),
      'ratio to mcp-nest': against('mcp-nest on Fastify'),
    });
  }
  const note = `The first server reads a request, and writes as many bytes as this package, which are there already. What this package costs without them is the difference.`;
  return { name, title: `\`${name}\` by the number of tools, in µs CPU`, note, rows, ratios };
}

/** How long the answer of a server is. */
async function countBytes(choice: ServerChoice, message: Message, { node }: Effort): Promise<number> {
  const server = await BenchServer.start(choice, node);
  try {
    return Buffer.byteLength(await server.ask(message, ERAS[0], await server.createToken()));
  } finally {
    server.stop();
  }
}
