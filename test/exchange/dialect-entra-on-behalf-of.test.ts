import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { clientSecretPost, dialects, McpAuthModule } from 'nestjs-mcp-auth';
import type { ExchangeDialect } from 'nestjs-mcp-auth/dialects';
import { callTool } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { OrderTools } from '../support/order-tools.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestApi } from '../support/test-api.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';
import type { DownstreamChanges, DownstreamServer } from '../downstream/downstream-server.js';
import {
  answering,
  bootProblems,
  DialectServers,
  form,
  JWT_BEARER,
  order,
  testRefusals,
  Watched,
} from './dialect-server.js';

const servers = new DialectServers();
const scopes = ['api://orders/Orders.Read'];
const entraAnswer = () => ({ issued_token_type: undefined, ext_expires_in: 3599, scope: scopes.join(' ') });
const CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';

describe('in one tenant', () => {
  const watched = new Watched(dialects.entraOnBehalfOf());
  let server: DownstreamServer;

  beforeAll(async () => {
    server = await servers.start({ audience: undefined, scopes, dialect: watched.dialect });
  });
  afterAll(() => servers.close());

  test('the form, all of it, and an answer without issued_token_type', async () => {
    const forms = answering(server.issuer, entraAnswer);
    const token = await server.token();
    expect((await callTool(server.resource, token, 'order')).isError).toBeUndefined();
    expect(forms).toEqual([
      form({
        grant_type: JWT_BEARER,
        assertion: token,
        requested_token_use: 'on_behalf_of',
        scope: 'api://orders/Orders.Read',
      }),
    ]);
  });

  test('a token bound by proof of possession is refused: nobody here has its key', async () => {
    answering(server.issuer, () => ({ ...entraAnswer(), token_type: 'pop' }));
    expect((await order(server)).isError).toBe(true);
    expect(watched.failure).toMatchObject({ unusable: true });
  });

  const traces = { timestamp: '2026-08-21 10:00:00Z', trace_id: 'aaaa', correlation_id: 'bbbb' };

  testRefusals(() => server, watched, [
    [
      'AADSTS65001: no consent',
      400,
      { error: 'invalid_grant', suberror: 'consent_required', error_codes: [65001], ...traces },
      { status: 400, error: 'invalid_grant', suberror: 'consent_required' },
    ],
    [
      'AADSTS50076: a second factor',
      400,
      { error: 'interaction_required', suberror: 'basic_action', error_codes: [50076], claims: CLAIMS, ...traces },
      { status: 400, error: 'interaction_required', suberror: 'basic_action', claims: CLAIMS },
    ],
    [
      'AADSTS53003: conditional access',
      400,
      { error: 'interaction_required', suberror: 'message_only', error_codes: [53003], claims: CLAIMS, ...traces },
      { status: 400, error: 'interaction_required', suberror: 'message_only', claims: CLAIMS },
    ],
    [
      'AADSTS50013: the assertion is not valid',
      400,
      { error: 'invalid_grant', error_codes: [50013], error_uri: 'https://login.example/error?code=50013', ...traces },
      { status: 400, error: 'invalid_grant' },
    ],
    [
      'AADSTS500131: the assertion is for another application',
      400,
      { error: 'invalid_grant', error_codes: [500131], ...traces },
      { status: 400, error: 'invalid_grant' },
    ],
    [
      'AADSTS50173: the session was revoked',
      400,
      { error: 'invalid_grant', suberror: 'bad_token', error_codes: [50173], ...traces },
      { status: 400, error: 'invalid_grant', suberror: 'bad_token' },
    ],
    [
      'AADSTS7000215: a wrong secret',
      401,
      { error: 'invalid_client', error_codes: [7000215], ...traces },
      { status: 401, error: 'invalid_client' },
    ],
    [
      'AADSTS70011: a scope that does not exist',
      400,
      { error: 'invalid_scope', error_codes: [70011], ...traces },
      { status: 400, error: 'invalid_scope' },
    ],
    [
      'AADSTS50196: too many requests',
      429,
      { error: 'temporarily_unavailable', error_codes: [50196], ...traces },
      { status: 429, error: 'temporarily_unavailable', retryAfterMs: 60_000 },
      { 'retry-after': '60' },
    ],
    [
      'claims that are not JSON',
      400,
      { error: 'interaction_required', claims: 'sign in' },
      { status: 400, error: 'interaction_required' },
    ],
  ]);
});

describe('claims', () => {
  test.each<[string, readonly string[], string | undefined, string | undefined]>([
    ['none', [], undefined, undefined],
    ['those demanded', [], CLAIMS, CLAIMS],
    ['what the server can do', ['cp1'], undefined, '{"access_token":{"xms_cc":{"values":["cp1"]}}}'],
    [
      'both',
      ['cp1'],
      '{"id_token":{"x":null},"access_token":{"nbf":{"essential":true,"value":"1"}}}',
      '{"id_token":{"x":null},"access_token":{"nbf":{"essential":true,"value":"1"},"xms_cc":{"values":["cp1"]}}}',
    ],
  ])('%s', async (_name, capabilities, claims, expected) => {
    const sent: unknown[] = [];
    await dialects.entraOnBehalfOf({ capabilities }).exchange({
      target: { name: 'orders', audience: undefined, resource: undefined, scopes, parameters: {} },
      caller: undefined,
      subjectToken: 'subject',
      claims,
      tokenEndpoint: {
        request: (_grant, parameters) => {
          sent.push(parameters.claims);
          return Promise.resolve({ access_token: 'a', token_type: 'bearer' });
        },
      },
    });
    expect(sent).toEqual([expected]);
  });
});

describe('for any tenant', () => {
  const TENANT = '11111111-1111-4111-8111-111111111111';
  let issuer: TestIssuer;
  let api: TestApi;
  let application: TestApplication | undefined;

  beforeAll(async () => {
    [issuer, api] = await Promise.all([TestIssuer.start('/{tenantid}/v2.0'), TestApi.start()]);
  });
  afterEach(async () => {
    await application?.close();
  });
  afterAll(async () => {
    await Promise.all([issuer.close(), api.close()]);
  });

  /** @param endpoint - token endpoint of the metadata for all tenants */
  async function startFor(endpoint: string, dialect: ExchangeDialect): Promise<TestApplication> {
    const metadataUrl = `${issuer.origin}/organizations/v2.0/.well-known/openid-configuration`;
    issuer.answers.set(new URL(metadataUrl).pathname, (_request, response) => {
      sendJson(response, 200, { ...issuer.metadata(), token_endpoint: issuer.origin + endpoint });
    });
    const authentication = clientSecretPost('s3cret');
    application = await startApplication({
      imports: (origin) => [
        McpAuthModule.forRoot(
          optionsFor(origin, issuer.issuer, {
            issuers: [{ issuer: issuer.issuer, metadataUrl, acceptAnyTenant: true }],
            client: { id: 'mcp', authentication },
            downstreams: { orders: { baseUrl: api.origin, scopes, dialect } },
          }),
        ),
      ],
      providers: [OrderTools],
    });
    return application;
  }

  async function call({ origin }: TestApplication, claims: Record<string, unknown> = {}): Promise<boolean> {
    const iss = `${issuer.origin}/${TENANT}/v2.0`;
    const token = await issuer.token({ iss, tid: TENANT, aud: `${origin}/mcp`, ...claims });
    return (await callTool(`${origin}/mcp`, token, 'order')).isError ?? false;
  }

  test.each([
    ['version 2', '/organizations/oauth2/v2.0/token'],
    ['version 1, whose endpoint knows no scopes', '/common/oauth2/token'],
  ])("the user's own tenant is asked, at version 2 (metadata of %s)", async (_name, endpoint) => {
    const server = await startFor(endpoint, dialects.entraOnBehalfOf());
    const forms = answering(issuer, entraAnswer, `/${TENANT}/oauth2/v2.0/token`);
    expect(await call(server)).toBe(false);
    expect(forms).toHaveLength(1);
  });

  test('the server as an application: the same API and tenant, nothing of the caller', async () => {
    const { ownAuthority } = dialects.entraOnBehalfOf();
    if (!ownAuthority) throw new Error('It has none');
    const server = await startFor('/organizations/oauth2/v2.0/token', ownAuthority);
    const forms = answering(issuer, entraAnswer, `/${TENANT}/oauth2/v2.0/token`);
    expect(await call(server, { idtyp: 'app' })).toBe(false);
    const credentials = { client_id: 'mcp', client_secret: 's3cret' };
    expect(forms).toEqual([form({ ...credentials, grant_type: 'client_credentials', scope: 'api://orders/.default' })]);
  });
});

describe('at boot', () => {
  const GRAPH = 'https://graph.microsoft.com';

  test.each<[string, DownstreamChanges, RegExp]>([
    ['no scopes', { scopes: [] }, /has no `scopes`. Entra ID knows the API by them/],
    ['scopes of OpenID Connect alone', { scopes: ['openid', 'email'] }, /has no `scopes`/],
    ['an audience', { scopes, audience: 'api://orders' }, /has `audience` or `resource`. Entra ID refuses them/],
    ['a resource', { scopes, resource: 'api://orders' }, /has `audience` or `resource`. Entra ID refuses them/],
    ['two APIs', { scopes: ['api://orders/read', 'api://bills/read'] }, /has `scopes` of several APIs/],
    ['Graph by its short name beside another', { scopes: ['User.Read', 'api://orders/read'] }, /several APIs/],
    ['.default beside others', { scopes: ['api://orders/.default', 'api://orders/read'] }, /has `.default` and other/],
  ])('is refused: %s', async (_name, changes, problem) => {
    expect(await bootProblems({ ...changes, dialect: dialects.entraOnBehalfOf() })).toEqual([
      expect.stringMatching(problem),
    ]);
  });

  test.each([
    [['api://orders/.default']],
    [['api://orders/read', 'api://orders/write', 'openid']],
    [['User.Read', `${GRAPH}/Mail.Read`]],
    [['99999999-9999-4999-8999-999999999999/.default']],
    [['https://orders.example//.default']],
  ])('is taken: %s', async (good) => {
    expect(await bootProblems({ scopes: good, dialect: dialects.entraOnBehalfOf() })).toEqual([]);
  });
});
