import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clientSecretPost, dialects, McpAuthHealthIndicator, McpAuthModule } from 'nestjs-mcp-auth';
import type { ExchangeDialect } from 'nestjs-mcp-auth/dialects';
import type { DownstreamChanges } from '../downstream/downstream-server.js';
import { callTool, post, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { OrderTools } from '../support/order-tools.js';
import { startApplication } from '../support/test-application.js';
import { TestApi } from '../support/test-api.js';
import { TestIssuer } from '../support/test-issuer.js';
import { answering, bootProblems, DialectServers, EXCHANGE, form, order, refusing } from './dialect-server.js';

const servers = new DialectServers();
const grant_type = 'client_credentials';
const APP = { sub: 'test-client' };
let foreign: TestIssuer;

beforeEach(async () => {
  foreign = await TestIssuer.start();
});
afterEach(async () => {
  await Promise.all([foreign.close(), servers.close()]);
});

const authorizationServer = () => ({
  issuer: foreign.issuer,
  client: { id: 'mcp-there', authentication: clientSecretPost('other') },
});

const withoutType = () => ({ issued_token_type: undefined });

describe('callers without a user', () => {
  test('get nothing where the downstream does not say so, and nothing is sent', async () => {
    const server = await servers.start({ audience: 'orders-api' });
    const forms = answering(server.issuer);
    const result = await order(server, APP);
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('The orders API is called on behalf of a user, and your token has') }],
      _meta: { 'io.modelcontextprotocol/authorization': { remediation: 'unavailable' } },
    });
    expect(forms).toEqual([]);
  });

  test('get the app roles of the server in Entra ID, which only `/.default` asks for', async () => {
    const scopes = ['api://orders/Orders.Read', 'openid'];
    const dialect = dialects.entraOnBehalfOf({ capabilities: ['cp1'] });
    const server = await servers.start({ audience: undefined, scopes, dialect, onAppOnly: 'clientCredentials' });
    const forms = answering(server.issuer, withoutType);
    expect((await order(server, { idtyp: 'app', sub: 'object-id' })).isError).toBeUndefined();
    expect(forms).toEqual([form({ grant_type, scope: 'api://orders/.default' })]);
  });

  test.each<[string, () => ExchangeDialect]>([
    ['identityAssertion', () => dialects.identityAssertion({ authorizationServer: authorizationServer() })],
    ['jwtBearer', () => dialects.jwtBearer({ authorizationServer: authorizationServer() })],
  ])("get what the API's own authorization server gives the server itself (%s)", async (_name, dialect) => {
    const server = await servers.start({
      audience: undefined,
      resource: 'https://orders.example',
      scopes: ['read'],
      dialect: dialect(),
      onAppOnly: 'clientCredentials',
    });
    const here = answering(server.issuer);
    const there = answering(foreign, withoutType);
    expect((await order(server, APP)).isError).toBeUndefined();
    const credentials = { client_id: 'mcp-there', client_secret: 'other' };
    expect(there).toEqual([form({ ...credentials, grant_type, resource: 'https://orders.example', scope: 'read' })]);
    expect(here).toEqual([]);
    expect(server.orders.last.claims).toMatchObject({ iss: foreign.issuer });
  });

  test('get what a dialect of your own says', async () => {
    const own: ExchangeDialect = { ...dialects.clientCredentials(), name: 'robot', grantTypes: ['urn:acme:robot'] };
    const dialect: ExchangeDialect = {
      ...dialects.rfc8693(),
      ownAuthority: {
        ...own,
        exchange: async ({ subjectToken, tokenEndpoint }) => {
          const { access_token: value } = await tokenEndpoint.request('urn:acme:robot', { x: `${subjectToken}!` });
          return { value, type: 'bearer', expiresInMs: 60_000 };
        },
      },
    };
    const server = await servers.start({ audience: 'orders-api', dialect, onAppOnly: 'clientCredentials' });
    const forms = answering(server.issuer, withoutType);
    expect((await order(server, APP)).isError).toBeUndefined();
    expect(forms).toEqual([form({ grant_type: 'urn:acme:robot', x: '!' })]);
  });

  test('share the token of the server, and callers with a user never see it', async () => {
    const server = await servers.start({ audience: 'orders-api', scopes: ['read'], onAppOnly: 'clientCredentials' });
    const forms = answering(server.issuer, (sent) => (sent.get('grant_type') === grant_type ? withoutType() : {}));
    await order(server, APP);
    await order(server, APP);
    await order(server);
    expect(forms.map((sent) => Object.fromEntries(sent).grant_type)).toEqual([grant_type, EXCHANGE]);
  });
});

test('a user whose exchange is refused is not called for by the server itself', async () => {
  const server = await servers.start({ audience: 'orders-api', scopes: ['read'], onAppOnly: 'clientCredentials' });
  const granted: (string | undefined)[] = [];
  for (const error of ['invalid_grant', 'access_denied', 'invalid_scope', 'unauthorized_client']) {
    refusing(server.issuer, 400, { error });
    const answer = server.issuer.answers.get('/token');
    server.issuer.answers.set('/token', (request, response, body) => {
      granted.push(body.get('grant_type') ?? undefined);
      return answer?.(request, response, body);
    });
    await (await post(server.resource, toolCall('order'), { token: await server.token() })).body?.cancel();
  }
  expect(granted).toEqual([EXCHANGE, EXCHANGE, EXCHANGE, EXCHANGE]);
  expect(server.orders.requests).toEqual([]);
});

describe('what the provider answers to the server itself is no affair of whoever calls', () => {
  const CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';

  test.each<[string, object]>([
    ['a scope', { error: 'invalid_scope' }],
    ['a grant', { error: 'invalid_grant' }],
    ['a consent', { error: 'invalid_grant', suberror: 'consent_required' }],
    ['conditional access for workloads', { error: 'interaction_required', suberror: 'message_only', claims: CLAIMS }],
    ['a stronger sign-in', { error: 'insufficient_user_authentication', acr_values: 'gold' }],
    ['no access', { error: 'access_denied' }],
  ])('%s', async (_name, body) => {
    const server = await servers.start({
      audience: 'orders-api',
      scopes: ['read'],
      scopeMap: { read: ['orders:read'] },
      consentUrl: 'https://id.example/consent',
      dialect: dialects.clientCredentials(),
    });
    refusing(server.issuer, 400, body);
    const response = await post(server.resource, toolCall('order'), { token: await server.token() });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([200, null]);
    expect(await response.text()).toContain('This server is not set up to call the orders API for you.');
    expect(server.log.text).toMatch(/^error order failed .*\(exchange_misconfigured\)/m);
    const health = await server.app.get(McpAuthHealthIndicator, { strict: false }).check();
    expect(health['mcp-auth']).toMatchObject({
      status: 'down',
      downstreams: { orders: { status: 'down', code: 'exchange_misconfigured' } },
    });
  });
});

describe('what the API answers to the server itself is no affair of whoever calls either', () => {
  test.each<[string, number, string]>([
    ['claims', 401, `Bearer error="insufficient_claims", claims="${Buffer.from('{"a":{}}').toString('base64')}"`],
    ['a stronger sign-in', 401, 'Bearer error="insufficient_user_authentication", acr_values="gold"'],
    ['a scope', 403, 'Bearer error="insufficient_scope", scope="read"'],
  ])('%s', async (_name, status, challenge) => {
    const server = await servers.start({
      audience: 'orders-api',
      scopes: ['read'],
      scopeMap: { read: ['orders:read'] },
      dialect: dialects.clientCredentials(),
    });
    answering(server.issuer, withoutType);
    server.orders.answers.set('/v1/orders', (_request, response) => {
      response.writeHead(status, { 'www-authenticate': challenge }).end();
    });
    const response = await post(server.resource, toolCall('order'), { token: await server.token() });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([200, null]);
    expect(await response.text()).not.toMatch(/available"|gold|orders:read/);
  });
});

describe('stops the boot', () => {
  test.each<[string, DownstreamChanges, RegExp]>([
    [
      'a token of Auth0 that would go to a third party',
      { dialect: dialects.auth0TokenVault({ connection: 'google-oauth2' }) },
      /has `onAppOnly: "clientCredentials"`, but its dialect gets no token of the server itself/,
    ],
    [
      'what is wrong for the dialect that stands in',
      {
        audience: 'orders-api',
        dialect: { ...dialects.rfc8693(), ownAuthority: { ...dialects.okta(), subject: 'client' } },
      },
      /has no `scopes`. Okta exchanges nothing without them/,
    ],
  ])('%s', async (_name, changes, problem) => {
    expect(await bootProblems({ ...changes, onAppOnly: 'clientCredentials' })).toEqual([
      expect.stringMatching(problem),
    ]);
    expect(await bootProblems(changes)).toEqual([]);
  });
});

test("where the API's own authorization server is enough, the server need not be registered at the issuer of its callers", async () => {
  const [issuer, api] = await Promise.all([TestIssuer.start(), TestApi.start()]);
  const dialect = dialects.clientCredentials({ authorizationServer: authorizationServer() });
  const downstreams = { orders: { baseUrl: api.origin, scopes: ['read'], dialect } };
  const application = await startApplication({
    imports: (origin) => [McpAuthModule.forRoot(optionsFor(origin, issuer.issuer, { downstreams }))],
    providers: [OrderTools],
  });
  const forms = answering(foreign, withoutType);
  const resource = `${application.origin}/mcp`;
  const results = [];
  for (const sub of ['alice', 'bob']) {
    results.push(await callTool(resource, await issuer.token({ aud: resource, sub }), 'order'));
  }
  await Promise.all([application.close(), issuer.close(), api.close()]);
  expect(results.map(({ isError }) => isError)).toEqual([undefined, undefined]);
  expect(forms).toHaveLength(1);
  expect(issuer.requests).not.toContain('/token');
});
