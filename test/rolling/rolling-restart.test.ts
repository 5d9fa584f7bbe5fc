import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWithProxies, ProxyProcess } from '../support/proxy-process.js';
import type { Platform } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';
import { ReplicaProcess, RESOURCE } from '../shutdown/replica-process.js';
import { SteadyLoad } from '../shutdown/steady-load.js';

type Proxies = Readonly<Record<string, (servers: readonly string[]) => Promise<ProxyProcess>>>;

const group = (servers: readonly string[], rest = '') =>
  `upstream replicas { ${servers.map((server) => `server ${server};`).join(' ')} ${rest} }`;

const NGINX: Proxies = {
  nginx: (servers) => ProxyProcess.startNginx('location / { proxy_pass http://replicas; }', group(servers)),
  'nginx that keeps connections': (servers) =>
    ProxyProcess.startNginx(
      'location / { proxy_pass http://replicas; proxy_http_version 1.1; proxy_set_header Connection ""; }',
      group(servers, 'keepalive 32;'),
    ),
};

/** What is in front of the replicas. All that is not written is as it is by default. */
const IN_FRONT: readonly (readonly [name: string, proxies: Proxies])[] = [
  [
    'who ask whether the server is ready',
    {
      haproxy: (servers) =>
        ProxyProcess.startHaproxy({ servers, ofServers: 'check', lines: ['option httpchk GET /health'] }),
      ...NGINX,
    },
  ],
  [
    'who do not ask',
    {
      haproxy: (servers) => ProxyProcess.startHaproxy({ servers, lines: ['option redispatch'] }),
      'haproxy that connects': (servers) =>
        ProxyProcess.startHaproxy({ servers, ofServers: 'check', lines: ['option redispatch'] }),
      ...NGINX,
    },
  ],
];

describeWithProxies('a rolling restart behind proxies', () => {
  let issuer: TestIssuer;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
  });

  afterAll(() => issuer.close());

  test.each(
    IN_FRONT.flatMap(([name, proxies]) =>
      (['express', 'fastify'] as const).map((platform) => [name, platform, proxies] as const),
    ),
  )('%s loses no request, on %s', async (_name, platform: Platform, proxies) => {
    const start = (port?: number) => ReplicaProcess.start({ issuer: issuer.issuer, platform, ...(port && { port }) });
    const replicas = await Promise.all([start(), start()]);
    const servers = replicas.map(({ address }) => address);
    const running = await Promise.all(
      Object.entries(proxies).map(async ([name, startProxy]) => [name, await startProxy(servers)] as const),
    );
    const close = async () => {
      await Promise.all(running.map(([, proxy]) => proxy.close()));
      await Promise.all(replicas.map((replica) => replica.close()));
    };
    const token = await issuer.token({ aud: RESOURCE, exp: Math.floor(Date.now() / 1000) + 3_600 });
    const loads = running.map(([name, proxy]) => [name, new SteadyLoad(proxy, token)] as const);
    const answeredBy = ({ name }: ReplicaProcess) => Promise.all(loads.map(([, load]) => load.answerBy(name)));
    try {
      for (const replica of replicas) await answeredBy(replica);
      for (const [number, replica] of replicas.entries()) {
        replica.signal();
        expect(await replica.over).toEqual({ code: null, signal: 'SIGTERM' });
        expect(replica.told).toBe('');
        replicas[number] = await start(replica.port);
        // All proxies have to use it again before the next one stops.
        await answeredBy(replicas[number]);
      }
    } finally {
      await Promise.all(loads.map(([, load]) => load.stop()));
      await close();
    }
    expect(Object.fromEntries(loads.map(([name, load]) => [name, load.lost]))).toEqual(
      Object.fromEntries(running.map(([name]) => [name, []])),
    );
  });
});
