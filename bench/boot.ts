import type { Type } from '@nestjs/common';
import { readProcessorTime } from './processor-time.js';
import { createApplication } from './servers/nest-application.js';

/** What the boot of an application took. */
export interface Boot {
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  /** What the process took since it began, imports and declarations included. */
  readonly processCpuMilliseconds: number;
  /** Of the process, with Node and Nest. */
  readonly megabytes: number;
}

/** Boots an application on Fastify. What is imported and declared before does not count, nor does its garbage. */
export async function measureBoot(module: Type): Promise<Boot> {
  const imported = readProcessorTime();
  globalThis.gc?.();
  const start = performance.now();
  const before = readProcessorTime();
  const app = await createApplication('fastify', module);
  await app.init();
  const booted = readProcessorTime() - before;
  return {
    milliseconds: performance.now() - start,
    cpuMilliseconds: booted / 1000,
    processCpuMilliseconds: (imported + booted) / 1000,
    megabytes: process.memoryUsage().rss / 1e6,
  };
}
