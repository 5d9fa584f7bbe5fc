import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { clientSecretPost, dialects, McpAuthHealthIndicator } from 'nestjs-mcp-auth';
import { answer, answersInTurn, breaks } from '../downstream/answers.js';
import { startRunningTool, type RunningTool } from '../downstream/running-tool.js';
import { answering, DialectServers, refusing } from '../exchange/dialect-server.js';
import { post, toolCall } from '../support/mcp-request.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

/** Nobody tries again while a test runs. */
const PATIENT = { pauseMs: 60 * 60_000 };

describe('an API that fails for one caller', () => {
  let tool: RunningTool;

  afterEach(async () => {
    jest.restoreAllMocks();
    await tool.close();
  });

  /** The code of each outcome, in order. */
  async function call(subject: string, path: string, times = 1, claims: object = {}): Promise<string[]> {
    const codes: string[] = [];
    for (let count = 0; count < times; count += 1) {
      const token = await tool.token({ sub: subject, ...claims });
      codes.push(
        await tool.returnedTo(token, (client) =>
          client.json(path).then(
            () => 'ok',
            (error: unknown) => (error as { code: string }).code,
          ),
        ),
      );
    }
    return codes;
  }

  test.each([
    ['a status of 5xx', answer(500), 'downstream_failed'],
    ['no answer', breaks, 'downstream_unreachable'],
  ])('by %s, 60 times: it is left alone for that caller only', async (_name, failing, code) => {
    tool = await startRunningTool({ orders: { http: { retries: 0, circuitBreaker: PATIENT } } });
    answersInTurn(tool.orders, '/v1/bad', failing);
    answersInTurn(tool.orders, '/v1/good', answer(200));
    expect(await call('alice', '/bad', 60)).toEqual([
      ...Array.from({ length: 20 }, () => code),
      ...Array.from({ length: 40 }, () => 'downstream_overloaded'),
    ]);
    expect(await call('alice', '/good')).toEqual(['downstream_overloaded']);
    expect(await call('bob', '/good', 3)).toEqual(['ok', 'ok', 'ok']);
    // Neither with one accident of another caller.
    expect(await call('carol', '/bad')).toEqual([code]);
    expect(await call('bob', '/good')).toEqual(['ok']);
  });

  test('all clients of a user are that one caller', async () => {
    tool = await startRunningTool({ orders: { http: { retries: 0, circuitBreaker: PATIENT } } });
    answersInTurn(tool.orders, '/v1/bad', answer(500));
    answersInTurn(tool.orders, '/v1/good', answer(200));
    for (let client = 0; client < 40; client += 1) await call('alice', '/bad', 1, { client_id: `client-${client}` });
    expect(await call('alice', '/good')).toEqual(['downstream_overloaded']);
    expect(await call('bob', '/good')).toEqual(['ok']);
  });

  test.each([
    ['refuses', answer(404)],
    ['has no time for', answer(429)],
  ])('what it %s is no fault', async (_name, refusal) => {
    tool = await startRunningTool({ orders: { http: { retries: 0, circuitBreaker: PATIENT } } });
    answersInTurn(tool.orders, '/v1/bad', refusal);
    for (const caller of ['alice', 'bob'])
      expect(await call(caller, '/bad', 30)).not.toContain('downstream_overloaded');
  });

  test('what fails for several callers is left alone for all, until another one than before has tried', async () => {
    tool = await startRunningTool({ orders: { http: { retries: 0, circuitBreaker: { pauseMs: 60_000 } } } });
    answersInTurn(tool.orders, '/v1/bad', answer(500));
    answersInTurn(tool.orders, '/v1/good', answer(200));
    await call('alice', '/bad', 10);
    expect(await call('carol', '/good')).toEqual(['ok']);
    await call('bob', '/bad', 10);
    expect(await call('carol', '/good')).toEqual(['downstream_overloaded']);
    const monotonic = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => monotonic + 60_001);
    expect(await call('alice', '/bad')).toEqual(['downstream_failed']);
    jest.spyOn(performance, 'now').mockImplementation(() => monotonic + 120_002);
    expect(await call('alice', '/good')).toEqual(['downstream_overloaded']);
    expect(await call('carol', '/good')).toEqual(['ok']);
    expect(await call('dave', '/good')).toEqual(['ok']);
  });
});

describe('health', () => {
  const servers = new DialectServers();
  let foreign: TestIssuer;

  afterEach(async () => {
    await Promise.all([foreign.close(), servers.close()]);
  });

  test.each([
    ['invalid_grant', 400],
    ['invalid_token', 401],
    ['invalid_request', 400],
    ['something_else', 400],
  ])('one user’s %s at a second authorization server is no fault of the service', async (error, status) => {
    foreign = await TestIssuer.start();
    const client = { id: 'mcp-there', authentication: clientSecretPost('other') };
    const server = await servers.start({
      audience: undefined,
      resource: 'https://orders.example',
      scopes: ['read'],
      dialect: dialects.identityAssertion({ authorizationServer: { issuer: foreign.issuer, client } }),
    });
    const jag = await server.issuer.token(
      { aud: foreign.issuer, client_id: 'mcp-there', resource: 'https://orders.example', scope: 'read' },
      { typ: 'oauth-id-jag+jwt' },
    );
    const issued_token_type = 'urn:ietf:params:oauth:token-type:id-jag';
    answering(server.issuer, () => ({ access_token: jag, token_type: 'N_A', issued_token_type }));
    refusing(foreign, status, { error });
    const health = async () => {
      const { 'mcp-auth': all } = await server.app.get(McpAuthHealthIndicator, { strict: false }).check();
      return all.downstreams?.orders?.status;
    };
    for (const client_id of ['one', 'two', 'three']) {
      await post(server.resource, toolCall('order'), { token: await server.token({ sub: 'alice', client_id }) });
      expect(await health()).toBe('up');
    }
    await post(server.resource, toolCall('order'), { token: await server.token({ sub: 'bob' }) });
    expect(foreign.requests.filter((path) => path === '/token').length).toBeGreaterThan(1);
    expect(await health()).toBe('down');
  });

  test('one user’s refusal at the issuer is none, either', async () => {
    foreign = await TestIssuer.start();
    const server = await servers.start({});
    server.issuer.answers.set('/token', (_request, response) => {
      sendJson(response, 400, { error: 'made_up' });
    });
    const health = async () => {
      const { 'mcp-auth': all } = await server.app.get(McpAuthHealthIndicator, { strict: false }).check();
      return all.status;
    };
    await post(server.resource, toolCall('order'), { token: await server.token({ sub: 'alice' }) });
    expect(await health()).toBe('up');
    await post(server.resource, toolCall('order'), { token: await server.token({ sub: 'bob' }) });
    expect(await health()).toBe('down');
  });
});
