import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import { Telemetry } from '../observability/telemetry.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { sendJson } from '../support/test-issuer.js';

const rules = readFileSync('sample/production/prometheus/alerts.yaml', 'utf8');
const [, selector = ''] = /alert: McpCallsFail\n[^]*?error_type=~"([^"]+)"/.exec(rules) ?? [];
/** Prometheus compares the whole value. */
const isCounted = (errorType: unknown) => new RegExp(`^(?:${selector})$`).test(String(errorType));

let running: PassThrough;

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  throwing(): string {
    throw new Error('of the tool');
  }

  @McpTool({ description: 'x', scopes: ['orders:write'] })
  forbidden(): string {
    return 'not reached';
  }

  @McpTool({ description: 'x' })
  async slow(): Promise<string> {
    running.write('runs');
    await once(running, 'end');
    return 'done';
  }
}

describe.each(['express', 'fastify'] as const)('the alert on failed calls, on %s', (platform) => {
  let telemetry: Telemetry;
  let server: ProtectedServer;

  beforeEach(() => {
    running = new PassThrough();
    telemetry = new Telemetry();
    telemetry.register();
  });
  afterEach(async () => {
    await server.close();
    await telemetry.unregister();
  });

  async function start(
    options: Partial<McpAuthModuleOptions> = {},
    beforeStart?: (issuer: ProtectedServer['issuer']) => unknown,
  ) {
    server = await startProtectedServer({ platform, providers: [Tools], options, ...(beforeStart && { beforeStart }) });
  }

  async function call(tool: string, token?: string): Promise<number> {
    const response = await post(server.resource, toolCall(tool), { token: token ?? (await server.token()) });
    await response.text();
    return response.status;
  }

  /** Whether the alert counts the requests so far. */
  async function areCounted(requests: number): Promise<boolean[]> {
    await telemetry.requests(requests);
    const points = await telemetry.counted<Histogram>('mcp.server.operation.duration');
    return [...new Set(points.map(([attributes]) => isCounted(attributes['error.type'])))];
  }

  test('counts tokens that cannot be verified', async () => {
    await start({}, (issuer) => issuer.answers.set('/jwks', (_request, response) => sendJson(response, 500, {})));
    expect(await call('throwing')).toBe(503);
    expect(await areCounted(1)).toEqual([true]);
  });

  test('counts what a server that is full refuses', async () => {
    await start({ limits: { inAll: { callsInFlight: 1 } } });
    const first = call('slow');
    await once(running, 'readable');
    expect(await call('slow', await server.token('', { sub: 'bob' }))).toBe(503);
    expect(await areCounted(1)).toEqual([true]);
    running.end();
    running.resume();
    expect(await first).toBe(200);
  });

  test('counts neither what tools report, nor mistakes of callers', async () => {
    await start();
    expect(await call('throwing')).toBe(200);
    expect(await call('forbidden')).toBe(403);
    expect(await call('throwing', 'not a token')).toBe(401);
    expect(await areCounted(3)).toEqual([false]);
  });
});
