import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { clientSecretBasic, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { Telemetry } from '../observability/telemetry.js';
import { callTool, message, post } from '../support/mcp-request.js';
import { OrderTools } from '../support/order-tools.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { TestApi } from '../support/test-api.js';

const MINUTE = 60_000;

/** A server whose clock is ahead of that of its issuer, so that tokens of five minutes have expired when they come. */
describe.each(['express', 'fastify'] as const)('a server on %s whose clock is five minutes ahead', (platform) => {
  let server: ProtectedServer;
  let orders: TestApi;

  async function start(): Promise<void> {
    orders = await TestApi.start();
    const options: Partial<McpAuthModuleOptions> = {
      client: { id: 'mcp', authentication: clientSecretBasic('s3cret') },
      downstreams: { orders: { baseUrl: orders.origin, audience: 'orders-api' } },
    };
    const trust = { clockToleranceMs: 5 * MINUTE };
    server = await startProtectedServer({ platform, options, trust, providers: [OrderTools] });
  }

  /** The clock of the server. */
  function setClock(now: number): void {
    jest.spyOn(Date, 'now').mockReturnValue(now);
  }

  afterEach(async () => {
    jest.restoreAllMocks();
    await server.close();
    await orders.close();
  });

  test('verifies a token once, and exchanges it once, for as long as the tolerance has it pass', async () => {
    await start();
    const telemetry = new Telemetry();
    telemetry.register();
    const expiry = Math.floor(Date.now() / 1000) * 1000 + 5 * MINUTE;
    const token = await server.token('', { exp: expiry / 1000 });
    for (let call = 0; call < 5; call += 1) {
      setClock(expiry + 1_000 + call * 10_000);
      expect((await callTool(server.resource, token, 'order')).isError).toBeUndefined();
    }
    expect(server.issuer.exchanges).toHaveLength(1);
    expect(await telemetry.counted('nestjs_mcp_auth.verified_tokens.lookups')).toEqual([
      [{ result: 'miss' }, 1],
      [{ result: 'hit' }, 4],
    ]);
    await telemetry.unregister();
    setClock(expiry + 5 * MINUTE);
    expect((await post(server.resource, message('tools/list'), { token })).status).toBe(401);
  });
});
