import { Agent, request } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toolCall } from '../support/mcp-request.js';
import { attackedServer } from './attacked-server.js';
import { encoded } from './forge.js';

const attacked = attackedServer();

/** Tokens in one go. */
const BATCH = 50;
const RUNS = 20;
/** So many tests with so many tokens each: a busy machine, too, comes to the end of each of them in time. */
const THOUSANDS = Array.from({ length: 10 }, (_, index) => index);

const agent = new Agent({ keepAlive: true, maxSockets: 8 });
const body = JSON.stringify(toolCall('ping'));

let good: string;

beforeAll(() => {
  good = attacked().forge.token();
});
afterAll(() => {
  agent.destroy();
});

async function statusOf(token: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'ping',
    };
    request(attacked().server.resource, { method: 'POST', agent, headers })
      .on('error', reject)
      .on('response', (response) => {
        response.resume().on('end', () => {
          resolve(response.statusCode ?? 0);
        });
      })
      .end(body);
  });
}

/** What a header can carry, of one character or more that is no white space. */
const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
});

const json = fc.jsonValue({ maxDepth: 2 });
const members = fc.dictionary(
  fc.constantFrom('alg', 'kid', 'typ', 'cty', 'crit', 'jwk', 'jku', 'x5u', 'x5c', 'b64', 'zip', 'enc', '__proto__'),
  fc.oneof(json, fc.constantFrom('ES256', 'RS256', 'none', 'HS256', 'at+jwt', 'JWT', '__proto__')),
);
const claims = fc.dictionary(
  fc.constantFrom('iss', 'sub', 'exp', 'nbf', 'iat', 'scope', 'scp', 'client_id', 'cnf', 'act', 'tid', 'constructor'),
  fc.oneof(json, fc.double(), fc.string()),
);

/** A good token with something in it replaced. */
const changed = fc
  .tuple(fc.nat(), fc.nat({ max: 4 }), fc.oneof(fc.constant(''), visible))
  .map(([position, removed, added]) => {
    const at = position % good.length;
    return good.slice(0, at) + added + good.slice(at + removed);
  })
  .filter((token) => token !== good && token !== '');

/** Signed by the issuer itself, for nobody here, with anything else in it. */
const signed = fc
  .tuple(members, claims)
  .map(([header, rest]) => attacked().forge.token({ ...rest, aud: 'somewhere-else' }, header));

/** Of three parts, none of which was made by anyone. */
const parts = fc
  .tuple(fc.oneof(members, json), fc.oneof(claims, json), visible)
  .map(([header, payload, signature]) =>
    [encoded(JSON.stringify(header)), encoded(JSON.stringify(payload)), signature].join('.'),
  );

const dotted = fc.array(visible, { minLength: 2, maxLength: 6 }).map((texts) => texts.join('.'));

test.each(THOUSANDS)('1,000 tokens that nobody issued for this server end in 401, each of them (%d)', async () => {
  const seen = new Set<string>();
  const token = fc.oneof(visible, dotted, parts, signed, changed);
  const batch = fc.array(token, { minLength: BATCH, maxLength: BATCH });
  await fc.assert(
    fc.asyncProperty(batch, async (tokens) => {
      const statuses = await Promise.all(tokens.map(statusOf));
      for (const one of tokens) seen.add(one);
      expect(tokens.filter((_token, index) => statuses[index] !== 401)).toEqual([]);
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
  // Not the same few, over and over.
  expect(seen.size).toBeGreaterThan((BATCH * RUNS) / 2);
  expect(attacked().server.log.lines.filter((line) => /^(error|fatal) /.test(line))).toEqual([]);
});
