import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { dialects } from 'nestjs-mcp-auth';
import { answer } from '../downstream/answers.js';
import { startRunningTool, type RunningTool } from '../downstream/running-tool.js';
import { sendJson } from '../support/test-issuer.js';
import { newKey } from './cached-exchange.js';
import { MemoryAdapter } from './memory-adapter.js';

const CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}';
const DEMAND = `Bearer realm="", error="insufficient_claims", claims="${Buffer.from(CLAIMS).toString('base64')}"`;

let tool: RunningTool;
let given: unknown[];

beforeAll(async () => {
  tool = await startRunningTool({
    orders: { dialect: dialects.entraOnBehalfOf(), audience: undefined, scopes: ['api://orders/.default'] },
    options: { replicas: { store: new MemoryAdapter(), keys: [newKey()] }, tokenCache: { localMaxAgeMs: 0 } },
  });
  tool.issuer.answers.set('/token', async (_request, response, body) => {
    given.push(body.get('claims'));
    const access_token = await tool.issuer.token({ aud: 'api://orders' });
    sendJson(response, 200, { access_token, token_type: 'Bearer', expires_in: 300 });
  });
  given = [];
});
afterEach(() => {
  tool.orders.answers.clear();
});
afterAll(() => tool.close());

test('a token that the API refused, with a demand for claims, is shown to it by no later call', async () => {
  const token = await tool.token();
  const call = () => tool.returnedTo(token, async ({ fetch }) => (await fetch('/x')).status);
  await call();
  const refused = tool.orders.last.claims?.jti;
  tool.orders.answers.set('/v1/x', (request, response) => {
    const isRefused = tool.orders.last.claims?.jti === refused;
    (isRefused ? answer(401, { 'www-authenticate': DEMAND }) : answer(200))(request, response);
  });
  expect(await call()).toBe(200);
  expect(given).toEqual([null, CLAIMS]);
  const before = tool.orders.requests.length;
  expect(await call()).toBe(200);
  expect(tool.orders.requests.slice(before).map(({ claims }) => claims?.jti)).not.toContain(refused);
  expect(tool.orders.requests).toHaveLength(before + 1);
});
