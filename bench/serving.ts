import { ratesInTurn } from './turns.js';

const MARKS = { fastify: 0.7, express: 0.55 };

const TITLES = {
  http: 'bare node:http',
  sdk: 'bare SDK on node:http',
  fastify: 'this package on Fastify',
  express: 'this package on Express',
} as const;

/** One `tools/call`: token verified, scope checked, arguments validated, against servers that do none of that. */
export async function serving(): Promise<void> {
  const names = Object.keys(TITLES) as (keyof typeof TITLES)[];
  const rates = await ratesInTurn(names, { tool: 'echo', arguments: { text: 'hello' } });
  console.log('A tools/call that echoes');
  console.table(
    Object.fromEntries(
      names.map((name) => [
        TITLES[name],
        {
          'requests/s': Math.round(rates[name]),
          'of bare http': (rates[name] / rates.http).toFixed(3),
          'of bare SDK': (rates[name] / rates.sdk).toFixed(2),
          mark: name in MARKS ? MARKS[name as keyof typeof MARKS] : '',
        },
      ]),
    ),
  );
}
