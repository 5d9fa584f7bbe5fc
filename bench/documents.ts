import type { Boot } from './boot.js';
import { askProcess } from './forked-process.js';
import { callTool } from './messages.js';
import type { Table } from './results.js';
import { loadInTurn, type Effort } from './turns.js';

/** Operations of a document. The last is what Microsoft Graph has. */
const COUNTS = [10, 100, 1_000, 11_422];

/** Boots of an application whose operations are searched, by their number; and calls of an operation. */
export async function documents(effort: Effort): Promise<readonly Table[]> {
  return [await boot(effort), await calls(effort)];
}

async function boot({ node, amount }: Effort): Promise<Table> {
  const rows: Record<string, number>[] = [];
  for (const operations of 'requests' in amount ? COUNTS.slice(0, 1) : COUNTS) {
    const { milliseconds, cpuMilliseconds, megabytes } = await askProcess<Boot>(
      'document-boot-process',
      [String(operations)],
      node,
    );
    rows.push({
      operations,
      'boot (ms)': Math.round(milliseconds),
      'CPU (ms)': Math.round(cpuMilliseconds),
      'memory of the process (MB)': Math.round(megabytes),
    });
  }
  return {
    name: 'documents',
    title: 'The boot of an application, by the operations of its document',
    rows,
    ratios: {},
  };
}

/** A tool that a document describes, against one that is written by hand. Both call the API. */
async function calls(effort: Effort): Promise<Table> {
  const message = callTool('getOrder', { id: '7' });
  const { written, generated } = await loadInTurn(
    {
      written: { server: { kind: 'written-tool' }, message },
      generated: { server: { kind: 'generated-tool' }, message },
    },
    effort,
    effort.node,
  );
  const row = (tool: string, { rate, cpu }: typeof written) => ({
    tool,
    'µs CPU': Math.round(cpu),
    'requests/s': Math.round(rate),
    ratio: written.cpu / cpu,
  });
  return {
    name: 'operations',
    title: 'A `tools/call` of an operation of a REST API',
    rows: [row('by hand', written), row('from a document', generated)],
    ratios: { 'from a document against by hand': written.cpu / generated.cpu },
  };
}
