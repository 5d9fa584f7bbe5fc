import { startOperationServer } from './operation-servers.js';
import {
  bareHttp,
  bareSdk,
  protectedServer,
  startApi,
  startCallingServer,
  startIssuer,
  type ServerUnderLoad,
} from './servers.js';

const servers: Record<string, () => Promise<ServerUnderLoad>> = {
  http: bareHttp,
  sdk: bareSdk,
  express: () => protectedServer('express'),
  fastify: () => protectedServer('fastify'),
  'static-token': () => callingServer('static'),
  'exchanged-token': () => callingServer('exchanged'),
  'written-tool': () => startOperationServer('written'),
  'generated-tool': () => startOperationServer('generated'),
};

const start = servers[process.argv[2] ?? ''];
if (!start) throw new Error(`Name a server: ${Object.keys(servers).join(', ')}`);
process.send?.(await start());
process.on('message', () => process.send?.(process.cpuUsage()));

async function callingServer(tokens: 'static' | 'exchanged'): Promise<ServerUnderLoad> {
  const [issuer, api] = [await startIssuer(), await startApi()];
  const { url } = await startCallingServer({ issuer, api, downstreams: 1, tokens });
  return { url, token: await issuer.sign({ aud: url, sub: 'alice', scope: 'orders' }) };
}
