import { ECHO, ERAS } from './messages.js';
import type { Table } from './results.js';
import type { ServerChoice } from './server-process.js';
import { loadInTurn, type Effort, type Turn } from './turns.js';

const SERVERS = {
  'bare `node:http`, JSON echo': { kind: 'http' },
  'Nest on Fastify, three empty guards, JSON echo': { kind: 'nest', platform: 'fastify' },
  'Nest on Express, three empty guards, JSON echo': { kind: 'nest', platform: 'express' },
  'SDK, low-level server': { kind: 'sdk' },
  'SDK, `McpServer`, ten tools': { kind: 'mcp-server' },
  'mcp-nest on Fastify, ten tools, guard': { kind: 'mcp-nest', platform: 'fastify' },
  'mcp-nest on Express, ten tools, guard': { kind: 'mcp-nest', platform: 'express' },
  'mcp-nest on Fastify, ten tools, guard that verifies each time': { kind: 'mcp-nest-verifying', platform: 'fastify' },
  'mcp-nest on Express, ten tools, guard that verifies each time': { kind: 'mcp-nest-verifying', platform: 'express' },
  'this package on Fastify, one tool': { kind: 'protected', platform: 'fastify', tools: 1 },
  'this package on Fastify, ten tools': { kind: 'protected', platform: 'fastify' },
  'this package on Express, one tool': { kind: 'protected', platform: 'express', tools: 1 },
  'this package on Express, ten tools': { kind: 'protected', platform: 'express' },
} as const satisfies Record<string, ServerChoice>;

type Server = keyof typeof SERVERS;

/** What is compared with what, by the name of the ratio. */
const RATIOS: Readonly<Record<string, readonly [ours: Server, other: Server]>> = {
  'Fastify against the SDK': ['this package on Fastify, one tool', 'SDK, low-level server'],
  'Express against the SDK': ['this package on Express, one tool', 'SDK, low-level server'],
  'Fastify against mcp-nest': ['this package on Fastify, ten tools', 'mcp-nest on Fastify, ten tools, guard'],
  'Express against mcp-nest': ['this package on Express, ten tools', 'mcp-nest on Express, ten tools, guard'],
  'Fastify against mcp-nest that verifies each time': [
    'this package on Fastify, ten tools',
    'mcp-nest on Fastify, ten tools, guard that verifies each time',
  ],
  'Express against mcp-nest that verifies each time': [
    'this package on Express, ten tools',
    'mcp-nest on Express, ten tools, guard that verifies each time',
  ],
};

/** One `tools/call` that echoes, on each Node, in both eras. */
export async function serving(effort: Effort): Promise<readonly Table[]> {
  const tables: Table[] = [];
  for (const node of effort.nodes) {
    const turns = Object.fromEntries(
      Object.entries<ServerChoice>(SERVERS).flatMap(([name, server]) =>
        ERAS.map((era): [string, Turn] => [`${era} ${name}`, { server, message: ECHO, era }]),
      ),
    );
    const loads = await loadInTurn(turns, effort, node);
    const cpu = (era: string, name: string) => loads[`${era} ${name}`]?.cpu ?? NaN;
    const ratios = ERAS.flatMap((era) =>
      Object.entries(RATIOS).map(([ratio, [ours, other]]) => [`${ratio}, ${era}`, cpu(era, other) / cpu(era, ours)]),
    );
    tables.push({
      name: `serving on Node ${node.major}`,
      title: `A \`tools/call\` that echoes, on Node ${node.version}`,
      note: 'This package verifies the token, checks the scope and validates the arguments. The guard of mcp-nest verifies the token by the keys of the issuer, and remembers that as long as this package does; the one that verifies each time is as its documentation shows it. The servers of the SDK ask nobody for a token.',
      rows: Object.keys(SERVERS).map((server) => ({
        server,
        ...Object.fromEntries(
          ERAS.flatMap((era) => [
            [`µs CPU, ${era}`, Math.round(cpu(era, server))],
            [`of the SDK, ${era}`, cpu(era, server) / cpu(era, 'SDK, low-level server')],
            [`requests/s, ${era}`, Math.round(loads[`${era} ${server}`]?.rate ?? NaN)],
          ]),
        ),
      })),
      ratios: Object.fromEntries(ratios) as Record<string, number>,
    });
  }
  return tables;
}
