import { askProcess } from './forked-process.js';
import { ECHO, writeMessage } from './messages.js';
import type { Table } from './results.js';
import { BenchServer } from './server-under-load.js';
import { ALGORITHMS, type Algorithm } from './signatures.js';
import type { Effort } from './turns.js';
import type { Verification } from './verification-process.js';

const TOKENS = 2_000;

/** The first request of a token by the algorithm of its signature, against one `crypto.verify`. */
export async function verifications(effort: Effort): Promise<readonly Table[]> {
  const rows: Record<string, string | number>[] = [];
  const ratios: Record<string, number> = {};
  for (const algorithm of ALGORITHMS) {
    const { raw, check } = await askProcess<Verification>('verification-process', [algorithm], effort.node);
    const { first, next } = await measure(algorithm, effort);
    rows.push({
      algorithm,
      'µs CPU, `crypto.verify`': Math.round(raw),
      'µs CPU, the check of the signature': Math.round(check),
      'the check, in verifications': check / raw,
      'µs CPU, first request': Math.round(first),
      'µs CPU, next requests': Math.round(next),
      'what the first takes more, in verifications': (first - next) / raw,
    });
    ratios[`${algorithm}, a verification against the check of the signature`] = raw / check;
    ratios[`${algorithm}, a verification against what the first request takes more`] = raw / (first - next);
  }
  return [
    {
      name: 'verifications',
      title: 'The first request of a token, by the algorithm of its signature',
      note: 'passport-jwt checks the signature, and jose that of EdDSA. What the first request takes more is not the signature alone: the token is decoded, its claims are checked, and it is remembered.',
      rows,
      ratios,
    },
  ];
}

async function measure(algorithm: Algorithm, { node, amount }: Effort) {
  const server = await BenchServer.start({ kind: 'protected', platform: 'fastify' }, node);
  try {
    const message = writeMessage(ECHO);
    const requests = 'requests' in amount ? amount.requests : TOKENS;
    const load = async (name: string, times: number) => {
      const tokens: string[] = [];
      for (let index = 0; index < requests; index += 1)
        tokens.push(await server.createToken(`${name}-${index}`, algorithm));
      const cold = await server.load(message, tokens, { requests });
      return { first: cold.cpu, next: (await server.load(message, tokens, { requests: times * requests })).cpu };
    };
    // The code is compiled, and the keys of the issuer are there.
    await load('warm-up', 1);
    return await load('user', 2);
  } finally {
    server.stop();
  }
}
