import { EventEmitter, once } from 'node:events';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rotate } from '../clients-authentication/rotate.js';
import { ClientKey, ServerWithKey } from './client-key.js';
import { describeWithKeycloak } from './keycloak.js';

describeWithKeycloak("a key of the server's own client, which Keycloak has in a JWKS", () => {
  const [first, second] = [new ClientKey(), new ClientKey()];
  let running: ServerWithKey;

  beforeAll(async () => {
    running = await ServerWithKey.start(first);
  });
  afterAll(() => running.close());

  async function publish(...keys: readonly ClientKey[]): Promise<void> {
    const jwks = { keys: keys.map(({ publicJwk }) => publicJwk) };
    await running.configure({ 'use.jwks.string': 'true', 'jwks.string': JSON.stringify(jwks) });
  }

  test('is changed in the order of the page, and no exchange fails', async () => {
    const lost: string[] = [];
    const progress = new EventEmitter();
    let calls = 0;
    let isOver = false;
    const settle = async () => {
      for (const wanted = calls + 2; calls < wanted;) await once(progress, 'call');
    };
    await publish(first);
    const client = (async () => {
      for (; !isOver; calls += 1, progress.emit('call'))
        await running.callAnew().catch((error: unknown) => lost.push(String(error)));
    })();
    try {
      await settle();
      await publish(first, second);
      await settle();
      await rotate(running.file, second.file);
      await settle();
      await publish(second);
      await settle();
    } finally {
      isOver = true;
      await client;
    }
    expect(lost).toEqual([]);
  });
});
