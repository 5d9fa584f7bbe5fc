import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { rotate } from '../clients-authentication/rotate.js';
import { ClientKey, ServerWithKey } from './client-key.js';
import { describeWithKeycloak } from './keycloak.js';

describeWithKeycloak("a key of the server's own client, of which Keycloak has one certificate", () => {
  const [first, second] = [new ClientKey(), new ClientKey()];
  let running: ServerWithKey;

  beforeAll(async () => {
    running = await ServerWithKey.start(first);
  });
  afterAll(() => running.close());

  async function upload({ certificate }: ClientKey): Promise<void> {
    await running.configure({ 'jwt.credential.certificate': certificate });
  }

  test('fails exchanges from the upload on until the file is replaced, and calls with kept tokens go on', async () => {
    await upload(first);
    await rotate(running.file, first.pem);
    await running.callAnew();
    await upload(second);
    await running.server.succeed(running.token, 'find_order');
    await expect(running.callAnew()).rejects.toThrow();
    expect(await running.server.faultOf('orders')).toBe('client_rejected');
    await rotate(running.file, second.pem);
    await running.callAnew();
  });
});
