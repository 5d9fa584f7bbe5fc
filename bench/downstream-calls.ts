import { callTool, writeMessage } from './messages.js';
import type { Table } from './results.js';
import { BenchServer } from './server-under-load.js';
import { loadInTurn, type Effort } from './turns.js';

const COLD_CALLERS = 2_000;

/**
 * A tool that calls an API with a token from the cache, against the same tool with plain `fetch` and a token that never
 * changes; and the first call of each caller, which has its token exchanged.
 */
export async function downstreamCalls(effort: Effort): Promise<readonly Table[]> {
  const message = callTool('order', {});
  const { fixed, warm } = await loadInTurn(
    {
      fixed: { server: { kind: 'static-token' }, message },
      warm: { server: { kind: 'exchanged-token' }, message },
    },
    effort,
    effort.node,
  );
  const cold = await measureCold(effort);
  const row = (how: string, { cpu, rate }: typeof warm, ratio: number) => ({
    'how the API is called': how,
    'µs CPU': Math.round(cpu),
    'requests/s': Math.round(rate),
    ratio,
  });
  return [
    {
      name: 'downstream',
      title: 'A `tools/call` that calls an API',
      note: 'The API and the issuer are in another process. Cold is the first call of a caller: its token is verified and exchanged.',
      rows: [
        row('plain `fetch`, a token that never changes', fixed, 1),
        row('`DownstreamClient`, warm', warm, fixed.cpu / warm.cpu),
        row('`DownstreamClient`, cold', cold, fixed.cpu / cold.cpu),
      ],
      ratios: { 'warm against plain fetch': fixed.cpu / warm.cpu, 'cold against plain fetch': fixed.cpu / cold.cpu },
    },
  ];
}

async function measureCold({ node, amount }: Effort) {
  const server = await BenchServer.start({ kind: 'exchanged-token' }, node);
  try {
    const requests = 'requests' in amount ? amount.requests : COLD_CALLERS;
    const message = writeMessage(callTool('order', {}));
    const load = async (name: string) => {
      const tokens = await Promise.all(
        Array.from({ length: requests }, (_, index) => server.createToken(`${name}-${index}`)),
      );
      return await server.load(message, tokens, { requests });
    };
    await load('warm-up');
    return await load('user');
  } finally {
    server.stop();
  }
}
