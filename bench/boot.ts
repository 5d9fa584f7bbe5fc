import type { Type } from '@nestjs/common';
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
  const imported = measureCpu();
  globalThis.gc?.();
  const start = performance.now();
  const before = measureCpu();
  const app = await createApplication('fastify', module);
  await app.init();
  const cpuMilliseconds = measureCpu() - before;
  return {
    milliseconds: performance.now() - start,
    cpuMilliseconds,
    processCpuMilliseconds: imported + cpuMilliseconds,
    megabytes: process.memoryUsage().rss / 1e6,
  };
}

/** Milliseconds of the processor that this process has had, user and system. */
function measureCpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
