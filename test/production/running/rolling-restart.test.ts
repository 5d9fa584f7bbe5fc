import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TestDownstream, TestIssuer } from 'nestjs-mcp-auth/testing';
import { headersFor, toolCall } from '../../support/mcp-request.js';
import { areExpected, type ProxyProcess } from '../../support/proxy-process.js';
import { readManifest } from '../manifests.js';
import { startEnvoyOf, startHaproxyOf, startNginxOf } from '../proxies.js';
import { SampleProcess } from './sample-process.js';
import { ValkeyProcess } from './valkey-process.js';

interface Probe {
  readonly httpGet: { readonly path: string };
}

const { containers } = (readManifest('Deployment').spec as { template: { spec: { containers: unknown[] } } }).template
  .spec;
const { startupProbe, readinessProbe, livenessProbe } = containers[0] as Record<string, Probe>;
const pathOf = (probe: Probe | undefined) => probe?.httpGet.path ?? '';

const userOf = (proxy: string) => `user-of-${proxy}`;

const RESOURCE = 'https://mcp.acme.example/mcp';

const PROXIES = {
  nginx: (servers: readonly string[]) => startNginxOf('mcp.conf', servers),
  haproxy: (servers: readonly string[]) => startHaproxyOf(servers, false),
  envoy: (servers: readonly string[]) => startEnvoyOf('envoy.yaml', servers),
};
const names = (['nginx', 'haproxy', 'envoy'] as const).filter((name) => areExpected(name));

describe('two replicas of the sample', () => {
  let folder: string;
  let valkey: ValkeyProcess;
  let issuer: TestIssuer;
  let orders: TestDownstream;
  let settings: Record<string, string>;
  let tokens: Readonly<Record<string, string>>;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'production-'));
    const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    await writeFile(join(folder, 'client.key'), key.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(join(folder, 'replica-keys'), `${randomBytes(32).toString('base64')}\n`);
    valkey = await ValkeyProcess.start();
    issuer = await TestIssuer.start({ path: '/realms/acme' });
    orders = await TestDownstream.start({ issuer, audience: 'orders-api', scopes: ['orders.view'] });
    orders.respond('GET /orders/7', ({ claims }) => ({ id: '7', owner: claims?.sub }));
    const exp = Math.floor(Date.now() / 1000) + 3_600;
    const made = names.map(
      async (name) =>
        [name, await issuer.token({ aud: RESOURCE, scope: 'orders:read', sub: userOf(name), exp })] as const,
    );
    tokens = Object.fromEntries(await Promise.all(made));
    settings = {
      RESOURCE,
      ISSUER: issuer.issuer,
      CLIENT_KEY_FILE: join(folder, 'client.key'),
      REPLICA_KEYS_FILE: join(folder, 'replica-keys'),
      ORDERS_URL: `${orders.origin}/`,
      // However busy this machine is, no replica does without the store.
      STORE_TIMEOUT_MS: '5000',
      VALKEY_URL: valkey.url,
      OTEL_METRICS_EXPORTER: 'none',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    };
  });

  afterAll(async () => {
    await Promise.all([valkey.close(), orders.close(), issuer.close()]);
    await rm(folder, { recursive: true });
  });

  const call = async (name: string, proxy: ProxyProcess) => {
    const body = toolCall('find_order', { id: '7' });
    const headers = { host: 'mcp.acme.example', ...headersFor(body, tokens[name]) };
    const { status, text } = await proxy.send('/mcp', { body, headers });
    return status === 200 && text.includes(userOf(name)) ? 'done' : `${status} ${text}`;
  };

  test('lose no call while each is restarted, behind the proxies of the sample', async () => {
    const replicas = await Promise.all([SampleProcess.start(settings), SampleProcess.start(settings)]);
    const servers = replicas.map(({ address }) => address);
    const proxies = await Promise.all(names.map(async (name) => [name, await PROXIES[name](servers)] as const));
    const outcomes = new Map<string, number>();
    let isOver = false;
    const clients = proxies.flatMap(([name, proxy]) =>
      [1, 2].map(async () => {
        while (!isOver) {
          const outcome = `${name}: ${await call(name, proxy).catch(String)}`;
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          // A caller may call a tool 600 times a minute.
          await pass(250);
        }
      }),
    );
    try {
      for (const [number, replica] of replicas.entries()) {
        for (const probe of [startupProbe, readinessProbe, livenessProbe])
          expect([pathOf(probe), await replica.status(pathOf(probe))]).toEqual([pathOf(probe), 200]);
        replica.terminate();
        while ((await replica.status(pathOf(readinessProbe))) !== 503);
        expect(await replica.status(pathOf(livenessProbe))).toBe(200);
        expect(await replica.over).toEqual([null, 'SIGTERM']);
        const next = await SampleProcess.start(settings, replica.port);
        replicas[number] = next;
        // All proxies have to use it again before the next one stops. Its log has who called.
        await Promise.all(names.map((name) => next.wrote(userOf(name))));
      }
    } finally {
      isOver = true;
      await Promise.all(clients);
      await Promise.all([...proxies.map(([, proxy]) => proxy), ...replicas].map((one) => one.close()));
    }
    expect([...outcomes.keys()].toSorted()).toEqual(names.map((name) => `${name}: done`).toSorted());
    // One exchange for each user serves all four processes, as each of them gets an answer of the store.
    expect(issuer.exchangeRequests.map(({ subject }) => subject).toSorted()).toEqual(names.map(userOf).toSorted());
  });
});
