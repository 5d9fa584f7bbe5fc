import { ratesInTurn } from './turns.js';

const MARK = 0.9;

/** A tool that calls an API with a token from the cache, against the same tool with plain `fetch` and a token that never changes. */
export async function downstreamCalls(): Promise<void> {
  const rates = await ratesInTurn(['static-token', 'exchanged-token'], { tool: 'order', arguments: {} });
  console.log('A tools/call that calls an API');
  console.table({
    'plain fetch, static token': { 'requests/s': Math.round(rates['static-token']), ratio: '1', mark: '' },
    'DownstreamClient, warm cache': {
      'requests/s': Math.round(rates['exchanged-token']),
      ratio: (rates['exchanged-token'] / rates['static-token']).toFixed(2),
      mark: MARK,
    },
  });
}
