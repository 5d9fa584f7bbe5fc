import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Boot } from './boot-process.js';
import { loadsInTurn } from './turns.js';

const MARK = 0.9;

/** Operations of a document. The last is what Microsoft Graph has. */
const COUNTS = [10, 100, 1_000, 11_422];

/** Boots of an application whose operations are searched, each in a process of its own, by their number. */
async function boots(): Promise<void> {
  const rows: Record<string, object> = {};
  for (const count of COUNTS) {
    const child = fork(new URL('./boot-process.js', import.meta.url), [String(count)]);
    try {
      const [boot] = (await once(child, 'message')) as [Boot];
      rows[count] = {
        'boot (ms)': Math.round(boot.milliseconds),
        'CPU (ms)': Math.round(boot.cpuMilliseconds),
        'memory of the process (MB)': Math.round(boot.megabytes),
      };
    } finally {
      child.kill();
    }
  }
  console.log('The boot of an application, by the operations of its document');
  console.table(rows);
}

/** A tool that a document describes, against one that is written by hand. Both call the API. */
async function calls(): Promise<void> {
  const loads = await loadsInTurn(['written-tool', 'generated-tool'], { tool: 'getOrder', arguments: { id: '7' } });
  const { 'written-tool': written, 'generated-tool': generated } = loads;
  const row = ({ rate, cpuMicroseconds }: typeof written) => ({
    'requests/s': Math.round(rate),
    'CPU (µs/request)': Math.round(cpuMicroseconds),
  });
  console.log('A tools/call of an operation of a REST API');
  console.table({
    'by hand': { ...row(written), ratio: '1', mark: '' },
    'from a document': { ...row(generated), ratio: (generated.rate / written.rate).toFixed(2), mark: MARK },
  });
}

export async function documents(): Promise<void> {
  await boots();
  await calls();
}
