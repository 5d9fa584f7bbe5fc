import type { Boot } from './boot.js';
import { askProcess } from './forked-process.js';
import type { Registrations } from './registration-process.js';
import type { Table } from './results.js';
import type { Effort } from './turns.js';

const COUNTS = [1, 1_000, 5_000];

/** Boots of an application in a round. The least of few differs from run to run. */
const BOOTS = 4;

/** The boot of an application with so many tools, against an empty one; and tools that are registered while it runs. */
export async function boots({ node, rounds, amount }: Effort): Promise<readonly Table[]> {
  const counts = 'requests' in amount ? COUNTS.slice(0, 1) : COUNTS;
  const applications = ['empty', ...counts.map(String)];
  const all = new Map<string, Boot[]>(applications.map((one) => [one, []]));
  for (let round = 0; round < rounds * BOOTS; round += 1)
    for (const one of applications) all.get(one)?.push(await askProcess<Boot>('tool-boot-process', [one], node));
  const least = (one: string, member: keyof Boot) => Math.min(...(all.get(one) ?? []).map((boot) => boot[member]));
  const ratioOf = (one: string, member: keyof Boot) => least(one, member) / least('empty', member);
  return [
    {
      name: 'boots',
      title: 'The boot of an application, by the number of its tools',
      note: 'The least of all boots. The boot is without the imports, but with what the compiler of Node does meanwhile on other cores. The process is all from its start on: the imports, and the declarations of the tools and of their schemas. An empty application is one of Nest alone on Fastify.',
      rows: applications.map((one) => ({
        tools: one === 'empty' ? 'empty application' : Number(one).toLocaleString('en'),
        'boot (ms)': Math.round(least(one, 'milliseconds')),
        'boot (ms CPU)': Math.round(least(one, 'cpuMilliseconds')),
        'of an empty one': ratioOf(one, 'cpuMilliseconds'),
        'process (ms CPU)': Math.round(least(one, 'processCpuMilliseconds')),
        'of an empty process': ratioOf(one, 'processCpuMilliseconds'),
        'memory of the process (MB)': Math.round(least(one, 'megabytes')),
      })),
      ratios: Object.fromEntries(
        counts.flatMap((one) => [
          [`empty application against ${one} tools`, 1 / ratioOf(String(one), 'cpuMilliseconds')],
          [`empty process against ${one} tools`, 1 / ratioOf(String(one), 'processCpuMilliseconds')],
        ]),
      ),
    },
    await registrations(counts.at(-1) ?? 1, node),
  ];
}

/** What is registered while the application runs, and costs the same beside many others. */
async function registrations(count: number, node: Effort['node']): Promise<Table> {
  const found = await askProcess<readonly Registrations[]>('registration-process', [String(count)], node);
  return {
    name: 'registrations',
    title: 'What is registered while the application runs, in ms CPU',
    note: `${count.toLocaleString('en')} of each kind, one after the other, and then one more.`,
    rows: found.map(({ kind, allMilliseconds, oneMilliseconds, removedMilliseconds }) => ({
      registered: kind,
      [`each of ${count.toLocaleString('en')}`]: allMilliseconds / count,
      'one more': oneMilliseconds,
      'to remove it': removedMilliseconds,
    })),
    ratios: {},
  };
}
