import { bareHttp, bareSdk, protectedServer, type ServerUnderLoad } from './servers.js';

const servers: Record<string, () => Promise<ServerUnderLoad>> = {
  http: bareHttp,
  sdk: bareSdk,
  express: () => protectedServer('express'),
  fastify: () => protectedServer('fastify'),
};

const start = servers[process.argv[2] ?? ''];
if (!start) throw new Error(`Name a server: ${Object.keys(servers).join(', ')}`);
process.send?.(await start());
