import { callTool, ERAS } from './messages.js';
import type { Table } from './results.js';
import { BenchServer } from './server-under-load.js';
import { WAYS, type Way } from './servers/passing-tools.js';
import type { Effort } from './turns.js';

const SIZES = { '1 MB': 1_000_000, '10 MB': 10_000_000, '100 MB': 100_000_000 };

/** What large bodies of calls of an API take while they pass. */
export async function passingBodies({ node, amount }: Effort): Promise<readonly Table[]> {
  const sizes = Object.entries(SIZES).slice(0, 'requests' in amount ? 1 : undefined);
  const server = await BenchServer.start({ kind: 'exchanged-token' }, node);
  try {
    const token = await server.createToken();
    const measure = async (way: Way, bytes: number) => {
      const answer = await server.ask(callTool('pass_body', { bytes, way }), ERAS[0], token);
      const { result } = JSON.parse(answer) as { result: { content: [{ text: string }] } };
      return Math.round(Number(result.content[0].text) / 1000);
    };
    // The first ones load code.
    for (const way of WAYS) await measure(way, SIZES['1 MB']);
    const rows = [];
    for (const [size, bytes] of sizes)
      rows.push({
        size,
        'answer of the API, kB': await measure('answer', bytes),
        'body of the request, kB': await measure('request', bytes),
      });
    return [
      {
        name: 'passing-bodies',
        title: 'Memory that is in use while a body passes through `DownstreamClient`',
        note: 'The most of ten looks, after garbage collection, less what was in use before.',
        rows,
        ratios: {},
      },
    ];
  } finally {
    server.stop();
  }
}
