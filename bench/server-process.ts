import type { Platform, ServerUnderLoad } from './servers/listen.js';

/** Which server a process is. */
export interface ServerChoice {
  readonly kind: keyof typeof kinds;
  readonly platform?: Platform;
  /** How many tools it has, where that can be chosen. Defaults to ten. */
  readonly tools?: number;
  /** How many bytes it answers with, where that can be chosen. */
  readonly bytes?: number;
}

/** What a server needs of the process that loads it. */
export interface Surroundings {
  readonly issuer: string;
  readonly api: string;
}

type Start = (platform: Platform, tools: number, surroundings: Surroundings, bytes: number) => Promise<ServerUnderLoad>;

/** Only what a server needs is loaded. */
const kinds = {
  http: async () => (await import('./servers/bare-servers.js')).startHttp(),
  bytes: async (_platform, _tools, _surroundings, bytes) =>
    (await import('./servers/bare-servers.js')).startBytes(bytes),
  nest: async (platform) => (await import('./servers/nest-server.js')).startNestAlone(platform),
  sdk: async () => (await import('./servers/bare-servers.js')).startSdk(),
  'mcp-server': async (_platform, tools) => (await import('./servers/bare-servers.js')).startMcpServer(tools),
  'mcp-nest': async (platform, tools, { issuer }) =>
    (await import('./servers/mcp-nest-server.js')).startMcpNest(platform, tools, issuer, true),
  'mcp-nest-verifying': async (platform, tools, { issuer }) =>
    (await import('./servers/mcp-nest-server.js')).startMcpNest(platform, tools, issuer, false),
  protected: async (platform, tools, { issuer }) =>
    (await import('./servers/protected-server.js')).startProtected(platform, tools, issuer),
  'static-token': async (_platform, _tools, at) =>
    (await import('./servers/calling-server.js')).startCallingServer({ ...at, downstreams: 1, tokens: 'static' }),
  'exchanged-token': async (_platform, _tools, at) =>
    (await import('./servers/calling-server.js')).startCallingServer({ ...at, downstreams: 1 }),
  'written-tool': async (_platform, _tools, { issuer, api }) =>
    (await import('./servers/operation-server.js')).startOperationServer('written', issuer, api),
  'generated-tool': async (_platform, _tools, { issuer, api }) =>
    (await import('./servers/operation-server.js')).startOperationServer('generated', issuer, api),
} satisfies Record<string, Start>;

const [choice, surroundings] = process.argv.slice(2).map((text) => JSON.parse(text) as unknown);
const { kind, platform = 'fastify', tools = 10, bytes = 0 } = choice as ServerChoice;
const start: Start = kinds[kind];
process.send?.(await start(platform, tools, surroundings as Surroundings, bytes));
process.on('message', () => process.send?.({ cpu: process.cpuUsage(), memory: process.memoryUsage() }));
// Whoever has started it may be gone.
process.on('disconnect', () => process.exit());
