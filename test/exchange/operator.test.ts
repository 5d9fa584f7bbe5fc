import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { clientSecretPost, DownstreamClient, McpAuthHealthIndicator, McpTool } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { post, toolCall } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders', scopes: ['a'] })
  order() {
    return this.downstream.json('/orders');
  }

  @McpTool({ description: 'x', downstream: ['orders', 'billing'], scopes: ['a'] })
  both() {
    return this.downstream.for('orders').json('/orders');
  }
}

let server: DownstreamServer;
let secret: string | Promise<string>;

beforeAll(async () => {
  secret = 'a-secret-that-is-there';
  server = await startDownstreamServer({
    providers: [Tools],
    client: { id: 'mcp', authentication: clientSecretPost(() => secret) },
    orders: { scopeMap: { write: ['orders:write'] } },
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  server.issuer.answers.clear();
  secret = 'a-secret-that-is-there';
});
afterAll(() => server.close());

/** Refuses the targets given, each with an error; exchanges for the others. */
function refusing(errors: Readonly<Record<string, object>>, status = 400): void {
  const usual = {
    token_type: 'Bearer',
    expires_in: 300,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  };
  server.issuer.answers.set('/token', async (_request, response, body) => {
    const target = body.get('audience') ?? body.get('resource') ?? '';
    if (errors[target]) sendJson(response, status, errors[target]);
    else sendJson(response, 200, { access_token: await server.issuer.token({ aud: target }), ...usual });
  });
}

/** What the log got on account of one call. */
async function call(tool: string, scope = 'a') {
  const { lines } = server.log;
  const before = lines.length;
  const response = await post(server.resource, toolCall(tool), { token: await server.token({ scope }) });
  const text = await response.text();
  const logged = lines.slice(before).filter((line) => !line.includes('McpAudit'));
  const audited = lines.slice(before).filter((line) => line.includes('McpAudit'));
  const [reference = ''] = /[\da-f]{8}-[\da-f-]{27}/.exec(audited.join()) ?? [];
  return { status: response.status, text, logged, reference };
}

describe('the log has what a challenge does not tell', () => {
  test('why the provider refused, with the reference of the audit event', async () => {
    refusing({
      'orders-api': { error: 'invalid_grant', error_description: 'AADSTS500131: audience of the assertion' },
    });
    const { status, logged, reference } = await call('order');
    expect(status).toBe(401);
    expect(logged).toEqual([
      expect.stringMatching(
        /^warn order failed \[[\da-f-]{36}\] \(caller_token_rejected\) CallerActionError: No token for orders: status 400, invalid_grant, "AADSTS500131: audience of the assertion"/,
      ),
    ]);
    expect(logged[0]).toContain(reference);
  });

  test('also where the tool itself lacks a scope', async () => {
    refusing({ 'orders-api': { error: 'invalid_client' } });
    const { status, logged } = await call('order', '');
    expect(status).toBe(403);
    expect(logged).toEqual([expect.stringMatching(/^error order failed .*\(client_rejected\)/)]);
  });

  test.each([
    [
      'a fault of the operator comes before what nobody can help, and neither is lost',
      { 'orders-api': { error: 'access_denied' }, 'urn:billing': { error: 'invalid_target' } },
      ['warn caller_access_denied', 'error target_unknown'],
    ],
    [
      'of two faults of the operator both are told',
      { 'orders-api': { error: 'unauthorized_client' }, 'urn:billing': { error: 'invalid_target' } },
      ['error client_rejected', 'error target_unknown'],
    ],
    [
      'what the second API lacks is told beside the challenge for the first',
      { 'orders-api': { error: 'invalid_grant' }, 'urn:billing': { error: 'temporarily_unavailable' } },
      ['error issuer_unavailable', 'warn caller_token_rejected'],
    ],
  ])('%s', async (_name, errors, expected) => {
    refusing(errors);
    const { logged } = await call('both');
    const told = logged.map((line) => line.replace(/^(\w+) .*?\((\w+)\)[^]*$/, '$1 $2'));
    expect(told.sort()).toEqual([...expected].sort());
  });
});

test('a fault of the operator is told to the caller before what else is missing', async () => {
  refusing({ 'orders-api': { error: 'access_denied' }, 'urn:billing': { error: 'invalid_target' } });
  expect((await call('both')).text).toContain('This server is not set up to call the billing API for you.');
});

describe('health', () => {
  const health = async () => {
    const { 'mcp-auth': all } = await server.app.get(McpAuthHealthIndicator, { strict: false }).check();
    return [all.status, all.downstreams?.orders];
  };
  const UP = ['up', { status: 'up' }];
  const DOWN = ['down', { status: 'down', code: 'client_rejected' }];

  // What was wrong before is mended.
  beforeEach(() => call('both'));

  test('is down where a provider blames a second user by `error`, and documents that its set-up is at fault', async () => {
    const error_description = 'Client is not authorized to access "orders-api". You need to create a "client-grant".';
    refusing({ 'orders-api': { error: 'access_denied', error_description } }, 403);
    await call('order');
    // One user alone may be the reason.
    expect(await health()).toEqual(UP);
    await post(server.resource, toolCall('order'), { token: await server.token({ scope: 'a', sub: 'bob' }) });
    expect(await health()).toEqual(['down', { status: 'down', code: 'target_unknown' }]);
  });

  test('is down on account of the operator, and up again with the next token', async () => {
    await call('order');
    expect(await health()).toEqual(UP);
    refusing({ 'orders-api': { error: 'invalid_client' } }, 401);
    await call('order');
    expect(await health()).toEqual(DOWN);
    server.issuer.answers.clear();
    const { logged } = await call('order');
    expect(await health()).toEqual(UP);
    expect(logged).toEqual(['log Tokens for orders are available again TokenExchange']);
  });

  test.each<[string, object, number]>([
    ['what a caller lacks', { error: 'invalid_grant' }, 400],
    ['what a caller was not given', { error: 'access_denied' }, 403],
    ['what passes', { error: 'temporarily_unavailable' }, 400],
  ])('is not down on account of %s', async (_name, error, status) => {
    refusing({ 'orders-api': error }, status);
    await call('order');
    expect(await health()).toEqual(UP);
  });

  test('is down where the credentials of the client cannot be had, and the provider is not asked without', async () => {
    server.issuer.requests.length = 0;
    secret = '';
    const { text, logged } = await call('order');
    expect(text).toContain('This server is not set up to call the orders API for you.');
    expect(logged).toEqual([expect.stringMatching(/^error order failed .*`client.authentication` has no secret/)]);
    expect(await health()).toEqual(['down', { status: 'down', code: 'exchange_misconfigured' }]);
    expect(server.issuer.requests).not.toContain('/token');
    secret = 'a-secret-that-is-there';
    await call('order');
    expect(await health()).toEqual(UP);
  });

  test('is down where the credentials never come, and nobody waits for longer than a token may take', async () => {
    const wait = globalThis.setTimeout;
    jest
      .spyOn(globalThis, 'setTimeout')
      .mockImplementation((run: () => void, delay?: number, ...rest: []) =>
        wait(run, delay === 10_000 ? 0 : delay, ...rest),
      );
    secret = new Promise(() => undefined);
    const { text, logged } = await call('order');
    expect(text).toContain('This server is not set up to call the orders API for you.');
    expect(logged).toEqual([
      expect.stringMatching(/the credentials of the client, or its actor token, did not come within 10 seconds/),
    ]);
    expect(await health()).toEqual(['down', { status: 'down', code: 'exchange_misconfigured' }]);
  });

  test('is up again five minutes after the fault was last seen: who is out of service cannot find out that it was mended', async () => {
    refusing({ 'orders-api': { error: 'invalid_client' } }, 401);
    await call('order');
    const now = performance.now();
    const clock = jest.spyOn(performance, 'now');
    clock.mockReturnValue(now + 4 * 60_000);
    expect(await health()).toEqual(DOWN);
    await call('order');
    clock.mockReturnValue(now + 8 * 60_000);
    expect(await health()).toEqual(DOWN);
    clock.mockReturnValue(now + 10 * 60_000);
    expect(await health()).toEqual(UP);
  });
});
