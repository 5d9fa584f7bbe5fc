import type { INestApplication } from '@nestjs/common';
import { McpRegistry } from 'nestjs-mcp-auth';
import { startProtected } from './servers/protected-server.js';

/** What a process with listeners holds, in bytes, and what it has used, in microseconds of the processor. */
export interface Held {
  readonly heap: number;
  readonly rss: number;
  readonly cpu: number;
}

let app: INestApplication | undefined;
const server = await startProtected('fastify', 10, process.argv[2] ?? '', (created) => {
  app = created;
});
process.send?.(server);
process.on('message', (question) => void answer(question as 'hold' | 'change'));
process.on('disconnect', () => process.exit());

async function answer(question: 'hold' | 'change'): Promise<void> {
  if (question === 'change') await app?.get(McpRegistry).registerTool({ name: 'new', description: 'New' }, () => 1);
  else for (let time = 0; time < 3; time += 1) globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  process.send?.({ heap: heapUsed, rss, cpu: user + system } satisfies Held);
}
