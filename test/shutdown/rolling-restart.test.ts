import { Controller, Get, Injectable, ServiceUnavailableException, type INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { McpAuthHealthIndicator, McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { Agent, request } from 'undici';
import { z } from 'zod';
import { headersFor, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { describeWithProxies, ProxyProcess } from '../support/proxy-process.js';
import { RecordingLogger } from '../support/recording-logger.js';
import type { Platform } from '../support/test-application.js';
import { TestIssuer } from '../support/test-issuer.js';
import { ReplicaProcess, RESOURCE } from './replica-process.js';
import { SteadyLoad } from './steady-load.js';

/** Milliseconds between two questions of HAProxy, which takes a server out after three answers. By default 2000. */
const INTERVAL = 100;

/** Seconds for which nginx leaves a server alone. By default 10. */
const FAIL_TIMEOUT = 1;

/** Clients of each proxy. */
const CLIENTS = 3;

/**
 * What the page of upgrades says of nginx: a connection that comes as the listener closes is reset, and the call goes to
 * another server.
 */
const REPEATS = 'proxy_next_upstream error timeout non_idempotent;';

/** How often each call has run. */
const runs = new Map<string, number>();

@Injectable()
class Tools {
  @McpTool({ description: 'Waits for a little while', input: z.object({ id: z.string() }) })
  async wait({ id }: { id: string }) {
    runs.set(id, (runs.get(id) ?? 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return 'done';
  }
}

@Controller('health')
class HealthController {
  constructor(private readonly indicator: McpAuthHealthIndicator) {}

  @Get()
  async check() {
    const health = await this.indicator.check();
    if (health['mcp-auth'].status === 'down') throw new ServiceUnavailableException(health);
    return health;
  }
}

async function startReplica(platform: Platform, issuer: string, port: number): Promise<INestApplication> {
  const options = optionsFor('', issuer, {
    resource: RESOURCE,
    endpoint: { allowedHosts: 'any' },
    calls: { balancerGraceMs: 10 * INTERVAL },
    limits: { rate: { acceptUnlimitedRequests: true } },
  });
  const testing = await Test.createTestingModule({
    imports: [McpAuthModule.forRoot(options)],
    providers: [Tools],
    controllers: [HealthController],
  })
    .setLogger(new RecordingLogger())
    .compile();
  const app = testing.createNestApplication(platform === 'express' ? new ExpressAdapter() : new FastifyAdapter());
  await app.listen(port, '127.0.0.1');
  return app;
}

function portOf(app: INestApplication): number {
  return (app.getHttpServer() as { address(): { port: number } }).address().port;
}

describeWithProxies('a rolling restart of two replicas', () => {
  let issuer: TestIssuer;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
  });

  afterAll(() => issuer.close());

  test.each<Platform>(['express', 'fastify'])('loses no request behind HAProxy and nginx, on %s', async (platform) => {
    const replicas = [await startReplica(platform, issuer.issuer, 0), await startReplica(platform, issuer.issuer, 0)];
    const ports = replicas.map(portOf);
    const servers = ports.map((port) => `127.0.0.1:${port}`);
    const proxies = {
      haproxy: await ProxyProcess.startHaproxy({
        servers,
        ofServers: `check inter ${INTERVAL}ms`,
        // A check may take longer than a default for checks that come so often.
        lines: ['option httpchk GET /health', 'timeout check 5s'],
      }),
      nginx: await ProxyProcess.startNginx(
        `location / { proxy_pass http://replicas; ${REPEATS} }`,
        `upstream replicas { ${servers.map((server) => `server ${server} fail_timeout=${FAIL_TIMEOUT}s;`).join(' ')} }`,
      ),
    };
    const token = await issuer.token({ aud: RESOURCE });
    const answers: Record<string, number> = {};
    let asked = 0;
    let isOver = false;
    runs.clear();

    const keepAsking = async (name: string, { socket }: ProxyProcess) => {
      const dispatcher = new Agent({ connect: { socketPath: socket } });
      while (!isOver) {
        asked += 1;
        const body = toolCall('wait', { id: String(asked) });
        const outcome = await request('http://localhost/mcp', {
          method: 'POST',
          headers: headersFor(body, token),
          body: JSON.stringify(body),
          dispatcher,
        }).then(
          async (response) => `${response.statusCode} ${(await response.body.text()).includes('done')}`,
          (error: unknown) => String(error),
        );
        const key = `${name} ${outcome}`;
        answers[key] = (answers[key] ?? 0) + 1;
      }
      await dispatcher.close();
    };

    const clients = Object.entries(proxies).flatMap(([name, proxy]) =>
      Array.from({ length: CLIENTS }, () => keepAsking(name, proxy)),
    );
    for (const [number, replica] of replicas.entries()) {
      await replica.close();
      replicas[number] = await startReplica(platform, issuer.issuer, ports[number] ?? 0);
      // Both proxies have to use it again before the next one stops.
      await served(replicas[number], 20);
    }
    isOver = true;
    await Promise.all(clients);
    await Promise.all(Object.values(proxies).map((proxy) => proxy.close()));
    await Promise.all(replicas.map((replica) => replica.close()));
    expect(Object.keys(answers).sort()).toEqual(['haproxy 200 true', 'nginx 200 true']);
    expect([runs.size, ...new Set(runs.values())]).toEqual([asked, 1]);
  });
});

describeWithProxies('processes of which one after the other is stopped by SIGTERM', () => {
  test('lose no call and no stream behind nginx, and run no call twice, on Express and on Fastify', async () => {
    const issuer = await TestIssuer.start();
    const token = await issuer.token({ aud: RESOURCE });
    const replicas = await Promise.all(
      (['express', 'fastify', 'express'] as const).map((platform) =>
        ReplicaProcess.start({ issuer: issuer.issuer, platform }),
      ),
    );
    const servers = replicas.map(({ address }) => `server ${address};`).join(' ');
    const proxy = await ProxyProcess.startNginx(
      `location / { proxy_pass http://replicas; ${REPEATS} }`,
      `upstream replicas { ${servers} }`,
    );
    const load = new SteadyLoad(proxy, token);
    for (const replica of replicas) await load.answerBy(replica.name);
    const [first, second, last] = replicas;
    for (const replica of [first, second]) {
      replica?.signal('SIGTERM');
      expect(await replica?.over).toEqual({ code: null, signal: 'SIGTERM' });
      expect(replica?.told).toBe('');
    }
    await load.answerBy(last?.name ?? '');
    await load.stop();
    expect(load.lost).toEqual([]);
    expect([...load.outcomes.keys()].sort()).toEqual(['quick done', 'slow done', 'stream ended']);
    const runs = replicas.flatMap((replica) => replica.runs);
    const calls = (load.outcomes.get('quick done') ?? 0) + (load.outcomes.get('slow done') ?? 0);
    expect([runs.length, new Set(runs).size]).toEqual([calls, calls]);
    await proxy.close();
    await last?.close();
    await issuer.close();
  });
});

/** Waits until a replica was asked so often for MCP, by both proxies: they say HTTP 1.1 and HTTP 1.0. */
async function served(replica: INestApplication, times: number): Promise<void> {
  const seen = { '1.1': 0, '1.0': 0 };
  await new Promise<void>((resolve) => {
    const server = replica.getHttpServer() as NodeJS.EventEmitter;
    server.on('request', ({ url, httpVersion }: { url: string; httpVersion: '1.1' | '1.0' }) => {
      if (url !== '/mcp') return;
      seen[httpVersion] += 1;
      if (Math.min(...Object.values(seen)) >= times) resolve();
    });
  });
}
