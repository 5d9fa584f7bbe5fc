/**
 * Ratios between servers that take turns in one run, and counts. Absolute figures say more about the machine than about the
 * code. Names of sections run these alone: `npm run bench -- downstream-calls`.
 */
import { cacheMemory } from './cache-memory.js';
import { coldCallers, replicas } from './cold-callers.js';
import { documents } from './documents.js';
import { downstreamCalls } from './downstream-calls.js';
import { serving } from './serving.js';

const sections: Record<string, () => Promise<void>> = {
  serving,
  'downstream-calls': downstreamCalls,
  documents,
  'cold-callers': coldCallers,
  replicas,
  'cache-memory': cacheMemory,
};

const wanted = process.argv.slice(2);
for (const [name, run] of Object.entries(sections)) {
  if (wanted.length === 0 || wanted.includes(name)) await run();
}
process.exit();
