import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Global, Module } from '@nestjs/common';
import { clientSecretBasic, McpAuthModule } from 'nestjs-mcp-auth';
import { AxiosModule } from '../../sample/downstream-clients/axios.module.js';
import { OpenApiFetchModule } from '../../sample/downstream-clients/openapi-fetch.module.js';
import { ORDERS_URL } from '../../sample/downstream-clients/orders-url.js';
import { callTool, textOf } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestApi } from '../support/test-api.js';
import { TestIssuer } from '../support/test-issuer.js';
import { answer, answersInTurn } from './answers.js';

let issuer: TestIssuer;
let api: TestApi;
let application: TestApplication;

beforeAll(async () => {
  [issuer, api] = await Promise.all([TestIssuer.start(), TestApi.start()]);
  const baseUrl = `${api.origin}/v1/`;

  @Global()
  @Module({ providers: [{ provide: ORDERS_URL, useValue: baseUrl }], exports: [ORDERS_URL] })
  class UrlModule {}

  application = await startApplication({
    imports: (origin) => [
      McpAuthModule.forRoot(
        optionsFor(origin, issuer.issuer, {
          client: { id: 'mcp', authentication: clientSecretBasic('s3cret') },
          downstreams: { orders: { baseUrl, audience: 'orders-api' } },
        }),
      ),
      UrlModule,
      OpenApiFetchModule,
      AxiosModule,
    ],
  });
});
afterEach(() => {
  api.answers.clear();
  api.requests.length = 0;
});
afterAll(async () => {
  await application.close();
  await Promise.all([issuer.close(), api.close()]);
});

async function call(tool: string, args: Record<string, unknown>, sub = 'alice') {
  const resource = `${application.origin}/mcp`;
  const token = await issuer.token({ aud: resource, scope: 'orders:read orders:write', sub });
  return await callTool(resource, token, tool, args);
}

describe.each(['openapi', 'axios'])('the sample with %s', (client) => {
  test('calls the API as the caller, whoever that is', async () => {
    for (const sub of ['alice', 'bob']) {
      const { structuredContent } = await call(`${client}_find_order`, { id: 'a/b' }, sub);
      expect(structuredContent).toEqual({ path: '/v1/orders/a%2Fb', subject: sub, audience: 'orders-api' });
    }
  });

  test('sends a body again with a new token, and where that passes', async () => {
    const refusal = answer(401, { 'www-authenticate': 'Bearer error="invalid_token"' });
    answersInTurn(api, '/v1/orders/7', refusal, answer(503), answer(200, {}, { id: '7' }));
    expect((await call(`${client}_change_order`, { id: '7', item: 'tea' })).structuredContent).toEqual({ id: '7' });
    expect(api.requests.map(({ body }) => body)).toEqual(Array(3).fill('{"item":"tea"}'));
    expect(new Set(api.requests.map(({ claims }) => claims?.jti)).size).toBe(2);
  });

  test('tells the client of the call what the API refuses', async () => {
    answersInTurn(api, '/v1/orders/7', answer(404));
    const result = await call(`${client}_find_order`, { id: '7' });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toContain('The orders API has nothing there');
  });

  test.each(['..', '../../admin', '..\\..\\admin', '%2e%2e/%2e%2e/admin', '//evil.example'])(
    'does not let the identifier %s out of the base URL',
    async (id) => {
      await call(`${client}_find_order`, { id });
      for (const { path, headers } of api.requests) {
        expect(path).toMatch(/^\/v1\//);
        expect(headers.host).toBe(new URL(api.origin).host);
      }
    },
  );
});
