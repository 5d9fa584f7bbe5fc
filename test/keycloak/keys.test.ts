import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { describeWithKeycloak } from './keycloak.js';
import { startOrdersServer, type OrdersServer } from './orders-server.js';
import { expectAsRecorded } from './recorded-answers.js';

describeWithKeycloak('keys that are rotated', () => {
  let server: OrdersServer;

  beforeAll(async () => {
    server = await startOrdersServer();
  });
  afterAll(() => server.close());

  test('a new key is found while the old one still counts, until it is removed', async () => {
    const { realm, alice, call, succeed, clientId } = server;
    const old = await alice.token({ scope: 'orders:read orders:write' });
    await succeed(old, 'find_order');

    const providers = `/components?type=${KEY_PROVIDER}`;
    const [before] = (await realm.admin<{ id: string; providerId: string }[]>('GET', providers)).filter(
      ({ providerId }) => providerId === 'rsa-generated',
    );
    await realm.admin('POST', '/components', {
      name: 'next',
      providerId: 'rsa-generated',
      providerType: KEY_PROVIDER,
      config: { priority: ['200'] },
    });
    const next = await alice.token({ scope: 'orders:read' });
    expect(decodeProtectedHeader(next).kid).not.toBe(decodeProtectedHeader(old).kid);
    for (const token of [next, old]) await succeed(token, 'find_order');

    // A token of a key that is gone counts here for a minute at most, and for nothing at Keycloak.
    await realm.admin('DELETE', `/components/${before?.id ?? ''}`);
    const refused = await call(old, 'book_order');
    expect([refused.status, refused.challenge]).toEqual([401, expect.stringContaining('error="invalid_token"')]);
    expect(server.events.at(-1)).toMatchObject({ type: 'operation_denied', reason: 'invalid_token' });
    await expectAsRecorded(
      'the key of the token was removed',
      await realm.exchange(clientId, old, { audience: 'orders-api' }),
    );
    await succeed(next, 'find_order');
  });
});

const KEY_PROVIDER = 'org.keycloak.keys.KeyProvider';
