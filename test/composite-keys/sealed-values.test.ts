import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { KeyRing, SEAL_PURPOSES, type SealPurpose } from '../../lib/replicas/key-ring.js';

type Use = readonly [purpose: SealPurpose, server: string | undefined];

const SERVERS = [undefined, '', 'all', 'https://mcp.example/a', 'https://mcp.example/b', `https://${'x'.repeat(3000)}`];

/** Every purpose, of every server. */
const USES: readonly Use[] = SEAL_PURPOSES.flatMap((purpose) => SERVERS.map((server): Use => [purpose, server]));

const newKey = () => createSecretKey(randomBytes(32));

describe('a value is opened for what it was sealed for', () => {
  const keys = [newKey()];
  const rings = USES.map(([purpose, server]) => new KeyRing(keys, purpose, server));

  test.each(SEAL_PURPOSES)('%s: every other purpose, and every other server, opens nothing', (purpose) => {
    for (const [index, [own, server]] of USES.entries()) {
      if (own !== purpose) continue;
      const sealed = rings[index]?.seal('secret', 'the same place') ?? '';
      const opened = rings.map((ring) => ring.open(sealed, 'the same place'));
      expect([server, opened]).toEqual([server, rings.map((_ring, at) => (at === index ? 'secret' : undefined))]);
    }
  });

  test('a ring of the same purpose and server opens it elsewhere', () => {
    for (const [index, use] of USES.entries()) {
      const sealed = rings[index]?.seal('secret', 'place');
      expect(new KeyRing(keys, ...use).open(sealed, 'place')).toBe('secret');
      expect(new KeyRing(keys, ...use).open(sealed, 'another place')).toBeUndefined();
    }
  });
});

describe('keys rotate', () => {
  const [old, next] = [newKey(), newKey()];
  const ring = (...keys: (typeof old)[]) => new KeyRing(keys, 'tokens');

  test('what the former key sealed is opened as long as it is in the list', () => {
    const sealed = ring(old).seal('secret', 'place');
    expect(ring(next, old).open(sealed, 'place')).toBe('secret');
    expect(ring(next).open(sealed, 'place')).toBeUndefined();
  });

  test('the first key seals', () => {
    const sealed = ring(next, old).seal('secret', 'place');
    expect(ring(next).open(sealed, 'place')).toBe('secret');
    expect(ring(old).open(sealed, 'place')).toBeUndefined();
  });
});
