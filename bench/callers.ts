import { ECHO, writeMessage } from './messages.js';
import type { Table } from './results.js';
import { askProcess } from './forked-process.js';
import { BenchServer } from './server-under-load.js';
import type { Effort } from './turns.js';

const COUNTS = [1, 1_000, 100_000];

/** Requests of the warm pass. A pass with all tokens of the largest count would take too long. */
const WARM_REQUESTS = 20_000;

/** Milliseconds; a token counts as verified for a minute, so that longer passes would be cold again. */
const FEW = 1_000;

/** A `tools/call`, by the number of callers: the first of each token, and the next ones. */
export async function callers(effort: Effort): Promise<readonly Table[]> {
  const verification = await askProcess<number>('verification-process', ['ES256'], effort.node);
  const rows: Record<string, string | number>[] = [];
  const ratios: Record<string, number> = {};
  const message = writeMessage(ECHO);
  const isSample = 'requests' in effort.amount;
  for (const count of isSample ? COUNTS.slice(0, 1) : COUNTS) {
    const server = await BenchServer.start({ kind: 'protected', platform: 'fastify' }, effort.node);
    try {
      // The code is compiled, and the keys of the issuer are there.
      const warmUp = await createTokens(server, isSample ? 2 : 2_000, 'warm-up');
      await server.load(message, warmUp, { requests: warmUp.length });
      const before = (await server.measure()).memory;
      const tokens = await createTokens(server, count, 'user');
      // A first request alone says little.
      const cold = count < FEW ? undefined : await server.load(message, tokens, { requests: tokens.length });
      const warm = await server.load(message, tokens, isSample ? effort.amount : { requests: WARM_REQUESTS });
      const after = (await server.measure()).memory;
      rows.push({
        callers: count,
        'µs CPU, first request': cold ? Math.round(cold.cpu) : '',
        'µs CPU, next requests': Math.round(warm.cpu),
        'first request to next, in verifications': cold && count <= FEW ? (cold.cpu - warm.cpu) / verification : '',
        'MB more in the process': Math.round((after.rss - before.rss) / 1e6),
      });
      if (cold && count <= FEW)
        ratios['a verification against what the first request takes more'] = verification / (cold.cpu - warm.cpu);
    } finally {
      server.stop();
    }
  }
  return [
    {
      name: 'callers',
      title: 'A `tools/call` by the number of callers',
      note: `Each caller has a token of their own. A verification is one \`crypto.verify\` of ES256: ${Math.round(verification)} µs here. The server remembers 10,000 verified tokens, and each for a minute.`,
      rows,
      ratios,
    },
  ];
}

async function createTokens(server: BenchServer, count: number, name: string): Promise<readonly string[]> {
  const tokens: string[] = [];
  for (let index = 0; index < count; index += 1) tokens.push(await server.createToken(`${name}-${index}`));
  return tokens;
}
