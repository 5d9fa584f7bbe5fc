import { compileFunction } from 'node:vm';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import * as library from 'nestjs-mcp-auth';
import {
  DownstreamClient,
  McpAuthModule,
  McpTool,
  type IssuerOptions,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import ts from 'typescript';
import { z } from 'zod';
import { examplesIn } from '../docs/documents.js';
import { answering, form, JWT_BEARER } from '../exchange/dialect-server.js';
import { callTool, post, toolCall } from '../support/mcp-request.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestApi } from '../support/test-api.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

const PAGE = 'docs/get-started/entra.md';
const CLOUD = 'https://login.microsoftonline.com';
const TENANT = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';
const APP = '99999999-9999-4999-8999-999999999999';
const API = '88888888-8888-4888-8888-888888888888';
const RESOURCE = 'https://mcp.acme.example/mcp';
const TOKEN_PATH = `/${TENANT}/oauth2/v2.0/token`;

/** As Entra ID writes the token of a user, for tokens of version 2. */
const USER = {
  aud: APP,
  tid: TENANT,
  sub: 'pairwise-subject',
  oid: '33333333-3333-4333-8333-333333333333',
  azp: 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
  azpacr: '0',
  client_id: undefined,
  preferred_username: 'alice@acme.example',
  scope: undefined,
  scp: 'orders:read',
  ver: '2.0',
};

/** The tool of the page. */
@Injectable()
class OrderTools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({
    description: 'Find an order',
    input: z.object({ id: z.string() }),
    annotations: { readOnlyHint: true },
    scopes: ['orders:read'],
    downstream: 'orders',
  })
  find({ id }: { id: string }): Promise<object> {
    return this.downstream.json(`/orders/${encodeURIComponent(id)}`);
  }
}

/** The options that the page shows, as they stand there. */
function readOptions(): McpAuthModuleOptions {
  const example = examplesIn([PAGE]).find(({ code }) => code.includes('export function entraOptions'));
  if (example === undefined) throw new Error(`${PAGE} has no entraOptions`);
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
  const { outputText } = ts.transpileModule(example.code, { compilerOptions });
  const exported: { entraOptions?: () => McpAuthModuleOptions } = {};
  compileFunction(outputText, ['require', 'exports'])(() => library, exported);
  if (exported.entraOptions === undefined) throw new Error(`${PAGE} exports no entraOptions`);
  return exported.entraOptions();
}

/** A tenant of Entra ID that is on loopback: metadata, keys, and the address of the token endpoint. */
async function startTenant(): Promise<TestIssuer> {
  const tenant = await TestIssuer.start(`/${TENANT}/v2.0`);
  tenant.answers.set(`/${TENANT}/v2.0/.well-known/openid-configuration`, (_request, response) => {
    sendJson(response, 200, { ...tenant.metadata(), token_endpoint: tenant.origin + TOKEN_PATH });
  });
  return tenant;
}

describe.each(['express', 'fastify'] as const)('the configuration of the tutorial, on %s', (platform) => {
  let tenant: TestIssuer;
  let api: TestApi;
  let application: TestApplication;
  let endpoint: string;

  beforeAll(async () => {
    [tenant, api] = await Promise.all([startTenant(), TestApi.start()]);
    Object.assign(process.env, {
      ENTRA_TENANT_ID: TENANT,
      ENTRA_APP_ID: APP,
      ENTRA_CLIENT_SECRET: 's3cret',
      ORDERS_APP_ID: API,
      ORDERS_URL: api.origin,
    });
    const options = readOptions();
    // Two things differ from the cloud: its address, and the algorithm of the keys on loopback.
    const atTenant = ({ issuer, metadataUrl = '', ...rest }: IssuerOptions): IssuerOptions => ({
      ...rest,
      issuer: issuer.replace(CLOUD, tenant.origin),
      metadataUrl: metadataUrl.replace(CLOUD, tenant.origin),
      algorithms: ['ES256'],
    });
    application = await startApplication({
      platform,
      imports: () => [
        McpAuthModule.forRoot({
          ...options,
          issuers: options.issuers?.map(atTenant) ?? [],
          endpoint: { allowedHosts: 'any' },
        }),
      ],
      providers: [OrderTools],
    });
    endpoint = `${application.origin}/mcp`;
  });
  afterAll(async () => {
    await application.close();
    await Promise.all([tenant.close(), api.close()]);
  });

  test('tells clients what to ask for, as Entra ID wants to be asked', async () => {
    const response = await post(endpoint, toolCall('find', { id: '7' }));
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toContain(`scope="${RESOURCE}/orders:read"`);
    const metadata = await fetch(`${application.origin}/.well-known/oauth-protected-resource/mcp`);
    expect(await metadata.json()).toMatchObject({
      resource: RESOURCE,
      authorization_servers: [tenant.issuer],
      scopes_supported: [`${RESOURCE}/orders:read`],
    });
  });

  test('calls the API on behalf of the user, and sends what Entra ID wants', async () => {
    const forms = answering(
      tenant,
      () => ({ issued_token_type: undefined, scope: `api://${API}/Orders.Read` }),
      TOKEN_PATH,
    );
    const token = await tenant.token(USER);
    const result = await callTool(endpoint, token, 'find', { id: '7' });
    expect(result.structuredContent).toMatchObject({ path: '/orders/7', subject: 'alice' });
    expect(forms).toEqual([
      form({
        grant_type: JWT_BEARER,
        assertion: token,
        requested_token_use: 'on_behalf_of',
        scope: `api://${API}/.default`,
        claims: '{"access_token":{"xms_cc":{"values":["cp1"]}}}',
        client_id: APP,
        client_secret: 's3cret',
      }),
    ]);
    expect(api.last.headers.authorization).not.toContain(token);
  });

  test.each<[string, object, number]>([
    ['of another tenant', { tid: OTHER }, 401],
    ['for another application', { aud: API }, 401],
    ['of version 1', { iss: `https://sts.windows.net/${TENANT}/`, ver: '1.0' }, 401],
    ['without the scope', { scp: 'orders:write' }, 403],
  ])('refuses a token %s', async (_what, claims, status) => {
    const response = await post(endpoint, toolCall('find', { id: '7' }), {
      token: await tenant.token({ ...USER, ...claims }),
    });
    expect(response.status).toBe(status);
  });

  test('hands a demand of conditional access on to the client', async () => {
    const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
    tenant.answers.set(TOKEN_PATH, (_request, response) => {
      sendJson(response, 400, { error: 'interaction_required', error_codes: [53003], claims });
    });
    const response = await post(endpoint, toolCall('find', { id: '7' }), {
      token: await tenant.token({ ...USER, jti: 'x' }),
    });
    expect(response.status).toBe(401);
    const challenge = response.headers.get('www-authenticate');
    expect(challenge).toContain('error="insufficient_claims"');
    expect(challenge).toContain(`claims="${Buffer.from(claims).toString('base64')}"`);
  });
});
