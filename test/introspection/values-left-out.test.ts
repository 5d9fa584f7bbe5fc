import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { IntrospectingServer } from './introspecting-server.js';

/** How servers say that they have no value. */
const NOTHING: Readonly<Record<string, unknown>> = { 'left out': undefined, null: null, empty: [], 'empty text': '' };

describe.each(['express', 'fastify'] as const)('introspection on %s', (platform) => {
  let strict: IntrospectingServer;
  let tolerant: IntrospectingServer;
  beforeAll(async () => {
    strict = await IntrospectingServer.start({ platform, introspection: { cacheMs: 0 } });
    tolerant = await IntrospectingServer.start({
      platform,
      introspection: { cacheMs: 0, acceptMissingAudience: true },
    });
  });
  afterAll(async () => {
    await strict.close();
    await tolerant.close();
  });

  test.each(Object.entries(NOTHING))('`aud` that is %s is no audience', async (_name, aud) => {
    strict.say({ aud });
    expect(await strict.status()).toBe(401);
    tolerant.say({ aud });
    expect(await tolerant.status()).toBe(200);
  });

  test.each<[string, unknown]>([
    ['of another', 'https://other.example'],
    ['a list of others', ['https://other.example', null]],
    ['an object', {}],
    ['a number', 7],
  ])('`aud` that is %s is refused all the same', async (_name, aud) => {
    tolerant.say({ aud });
    expect(await tolerant.status()).toBe(401);
  });

  test.each(['iss', 'exp', 'iat', 'nbf', 'client_id', 'scope', 'act', 'cnf', 'nonce', 'token_type', 'username'])(
    '`%s: null` is as if it were left out',
    async (claim) => {
      strict.say({ [claim]: null });
      expect(await strict.status()).toBe(200);
    },
  );
});
