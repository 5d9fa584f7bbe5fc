import { createHmac } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { outcome, possession, ProofClient, RecordingStore, request, TOKEN } from './proof-client.js';

const SECRET = 'a secret of thirty-two characters';
/** Seconds for which a nonce is handed out. */
const SLOT = 300;
/** Seconds since the epoch, at the start of a slot. */
const NOW = Math.floor(Date.now() / 1000 / SLOT) * SLOT;

let client: ProofClient;

beforeAll(async () => {
  client = await ProofClient.start();
});

beforeEach(() => {
  itIs(NOW);
});

afterEach(() => {
  jest.restoreAllMocks();
});

const dpop = possession({ nonceSecret: SECRET });

function itIs(seconds: number): void {
  jest.spyOn(Date, 'now').mockReturnValue(seconds * 1000);
}

function nonceAt(seconds: number, server = dpop): string {
  const now = Date.now();
  itIs(seconds);
  const { nonce = '' } = server;
  itIs(now / 1000);
  return nonce;
}

async function outcomeWith(nonce: unknown, iat = Date.now() / 1000, server = dpop): Promise<string> {
  const proof = await client.proof({ iat, nonce });
  return await outcome(server.check(request(proof), 'dpop', TOKEN, client.confirmation));
}

test('without a secret there is no nonce', () => {
  expect(possession().nonce).toBeUndefined();
});

describe('nonces of this server pass', () => {
  test('the present one, from first to last', async () => {
    const nonce = nonceAt(NOW);
    expect(nonce).toMatch(/^[\w-]{43}$/);
    expect(await outcomeWith(nonce)).toBe('accepted');
    itIs(NOW + SLOT - 0.001);
    expect(dpop.nonce).toBe(nonce);
    expect(await outcomeWith(nonce)).toBe('accepted');
  });

  test('the one before it', async () => {
    const nonce = nonceAt(NOW);
    itIs(NOW + SLOT);
    expect(dpop.nonce).not.toBe(nonce);
    expect(await outcomeWith(nonce)).toBe('accepted');
    itIs(NOW + 2 * SLOT - 0.001);
    expect(await outcomeWith(nonce)).toBe('accepted');
  });

  test('more than once: they are for a time, not for a request', async () => {
    const nonce = nonceAt(NOW);
    expect(await outcomeWith(nonce)).toBe('accepted');
    expect(await outcomeWith(nonce)).toBe('accepted');
  });

  test('those of a replica', async () => {
    const replica = possession({ nonceSecret: SECRET });
    expect(await outcomeWith(nonceAt(NOW, replica))).toBe('accepted');
  });
});

describe('with two secrets', () => {
  const other = `${SECRET}!`;
  const both = possession({ nonceSecret: [SECRET, other] });

  test('the first one makes nonces', () => {
    expect(nonceAt(NOW, both)).toBe(nonceAt(NOW));
  });

  test.each([
    ['the first', SECRET],
    ['the second', other],
  ])('nonces of %s pass', async (_name, nonceSecret) => {
    expect(await outcomeWith(nonceAt(NOW, possession({ nonceSecret })), NOW, both)).toBe('accepted');
  });

  test('nonces of a third do not', async () => {
    const nonce = nonceAt(NOW, possession({ nonceSecret: `${SECRET}?` }));
    expect(await outcomeWith(nonce, NOW, both)).toBe('use_dpop_nonce');
  });
});

describe('a replica whose clock is ten minutes ahead or behind', () => {
  /** The answers to a client that uses what it was given last, and goes to each of the two by turns. */
  async function outcomesFrom(nonceGiven: number): Promise<string[]> {
    let nonce = nonceAt(nonceGiven);
    const outcomes: string[] = [];
    for (let request = 0; request < 6; request += 1) {
      const clock = request % 2 === 0 ? NOW : NOW + 2 * SLOT;
      itIs(clock);
      const answer = await outcomeWith(nonce);
      outcomes.push(answer);
      if (answer === 'use_dpop_nonce') nonce = nonceAt(clock);
    }
    return outcomes;
  }

  test('gives nonces that pass at once', async () => {
    expect(await outcomesFrom(NOW + 2 * SLOT)).toEqual(Array(6).fill('accepted'));
  });

  test('refuses that of another once at most', async () => {
    expect(await outcomesFrom(NOW)).toEqual(['accepted', 'use_dpop_nonce', ...Array<string>(4).fill('accepted')]);
  });
});

describe('other nonces are refused, with a request for a good one', () => {
  test.each<[string, () => unknown]>([
    ['missing', () => undefined],
    ['empty', () => ''],
    ['null', () => null],
    ['a number', () => 7],
    ['in a list', () => [nonceAt(NOW)]],
    ['stale', () => nonceAt(NOW - 2 * SLOT)],
    ['of the future', () => nonceAt(NOW + 3 * SLOT)],
    ['of another secret', () => nonceAt(NOW, possession({ nonceSecret: `${SECRET}!` }))],
    [
      'forged without a secret',
      () =>
        createHmac('sha256', '')
          .update(`dpop-nonce ${NOW / SLOT}`)
          .digest('base64url'),
    ],
    ['cut short', () => nonceAt(NOW).slice(0, -1)],
    ['with something behind it', () => `${nonceAt(NOW)}A`],
    ['with another letter', () => nonceAt(NOW).replace(/^./, (letter) => (letter === 'A' ? 'B' : 'A'))],
    ['longer in bytes than in letters', () => 'ä'.repeat(43)],
  ])('%s', async (_name, nonce) => {
    expect(await outcomeWith(nonce())).toBe('use_dpop_nonce');
  });

  test('two slots later', async () => {
    const nonce = nonceAt(NOW);
    itIs(NOW + 2 * SLOT);
    expect(await outcomeWith(nonce)).toBe('use_dpop_nonce');
  });

  test('and the proof is not used up', async () => {
    const replayStore = new RecordingStore();
    await outcomeWith(undefined, NOW, possession({ nonceSecret: SECRET, replayStore }));
    expect(replayStore.claims).toEqual([]);
  });
});

test('a good nonce does not make an old proof new', async () => {
  expect(await outcomeWith(nonceAt(NOW), NOW - 301)).toBe('invalid_dpop_proof');
});

test('nobody is told of nonces who cannot sign', async () => {
  const check = dpop.check(request('a.b.c'), 'dpop', TOKEN, client.confirmation);
  expect(await outcome(check)).toBe('invalid_dpop_proof');
});
