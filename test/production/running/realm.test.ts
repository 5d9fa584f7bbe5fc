import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Keycloak } from '../../keycloak/keycloak.js';
import { Realm } from '../../keycloak/realm.js';
import { User } from '../../keycloak/user.js';
import { headersFor, toolCall } from '../../support/mcp-request.js';
import { areExpected, type ProxyProcess } from '../../support/proxy-process.js';
import { keepSecret } from '../../support/secret-watch.js';
import { startNginxOf } from '../proxies.js';
import { SampleProcess } from './sample-process.js';
import { ValkeyProcess } from './valkey-process.js';

const isExpected = Keycloak.ofProduction.isRunning && areExpected('nginx');

(isExpected ? describe : describe.skip)('the realm of the sample, in a real Keycloak', () => {
  let realm: Realm;
  let alice: User;
  let valkey: ValkeyProcess;
  let orders: SampleProcess;
  let replicas: SampleProcess[];
  let proxy: ProxyProcess;

  beforeAll(async () => {
    const { PRODUCTION_FILES: files = '', PRODUCTION_ALICE_PASSWORD: password = '' } = process.env;
    const keycloak = Keycloak.ofProduction;
    const issuer = `${keycloak.origin}/realms/acme`;
    keepSecret(password);
    realm = Realm.of({ keycloak, name: 'acme', issuer, secret: '', password });
    alice = new User(realm, 'alice');
    valkey = await ValkeyProcess.start();
    orders = await SampleProcess.startOrdersApi({ ISSUER: issuer });
    const settings = {
      RESOURCE: 'https://mcp.acme.example/mcp',
      ISSUER: issuer,
      CLIENT_KEY_FILE: join(files, 'certificates', 'client.key'),
      REPLICA_KEYS_FILE: join(files, 'certificates', 'replica-keys'),
      ORDERS_URL: `http://${orders.address}/`,
      VALKEY_URL: valkey.url,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    };
    replicas = await Promise.all([SampleProcess.start(settings), SampleProcess.start(settings)]);
    proxy = await startNginxOf(
      'mcp.conf',
      replicas.map(({ address }) => address),
    );
  });
  afterAll(async () => {
    await proxy.close();
    await Promise.all([...replicas, orders, valkey].map((one) => one.close()));
  });

  async function call(tool: string, token?: string) {
    const body = toolCall(tool, { id: '7' });
    return await proxy.send('/mcp', { body, headers: { host: 'mcp.acme.example', ...headersFor(body, token) } });
  }

  test('is the one that a client is led to', async () => {
    const host = { host: 'mcp.acme.example' };
    const { text } = await proxy.send('/.well-known/oauth-protected-resource/mcp', { method: 'GET', headers: host });
    expect(JSON.parse(text)).toMatchObject({ authorization_servers: [realm.issuer] });
    expect((await call('find_order')).status).toBe(401);
  });

  test('lets alice find an order, and cancel it after a step-up', async () => {
    const reading = await alice.token({ scope: 'orders:read' });
    const found = await call('find_order', reading);
    expect(found.text).toContain(`"owner":"${await alice.id()}"`);
    const refused = await call('cancel_order', reading);
    expect([refused.status, refused.headers['www-authenticate']]).toEqual([
      403,
      expect.stringContaining('orders:write'),
    ]);
    const writing = await alice.token({ scope: 'orders:read orders:write' });
    expect((await call('cancel_order', writing)).text).toContain('Order 7 is cancelled');
  });

  test('has no secret of the client: it knows its certificate', async () => {
    const [client] = await realm.admin<{ attributes: Record<string, string> }[]>('GET', '/clients?clientId=mcp-orders');
    const { PRODUCTION_FILES: files = '' } = process.env;
    const pem = await readFile(join(files, 'certificates', 'client.pem'), 'utf8');
    const certificate = pem.replace(/-----[^-]+-----|\s/g, '');
    expect(client?.attributes['jwt.credential.certificate']).toBe(certificate);
  });
});
