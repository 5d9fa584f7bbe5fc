import type { Type } from '@nestjs/common';
import { createApplication } from './servers/nest-application.js';

/** What the boot of an application took. */
export interface Boot {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  /** Of the process, with Node and Nest. */
  readonly megabytes: number;
}

/** Boots an application on Fastify. What is imported and declared before does not count, nor does its garbage. */
export async function measureBoot(module: Type): Promise<Boot> {
  globalThis.gc?.();
  const start = performance.now();
  const before = process.cpuUsage();
  const app = await createApplication('fastify', module);
  await app.init();
  const { user, system } = process.cpuUsage(before);
  return {
    milliseconds: performance.now() - start,
    cpuMilliseconds: (user + system) / 1000,
    megabytes: process.memoryUsage().rss / 1e6,
  };
}
