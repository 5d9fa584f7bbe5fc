import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { callTool, textOf } from '../support/mcp-request.js';
import { OrderTools } from '../support/order-tools.js';
import { sendJson } from '../support/test-issuer.js';
import {
  broken,
  deep,
  html,
  json,
  large,
  listWarnings,
  MARK,
  MAX_LINE,
  OTHERS,
  packed,
  UNREAD,
  type Answer,
} from './documents.js';

const LATER = /The orders API cannot be reached for you right now. Try again later/;
const OPERATOR = /This server is not set up to call the orders API for you. Tell its operator/;

describe('what an authorization server and an API answer', () => {
  let server: DownstreamServer;

  beforeAll(async () => {
    server = await startDownstreamServer({
      providers: [OrderTools],
      orders: { scopes: [], http: { maxJsonSize: 1_000_000 } },
    });
  });
  beforeEach(() => {
    server.issuer.answers.clear();
    server.orders.answers.clear();
    server.log.lines.length = 0;
  });
  afterAll(async () => {
    await server.close();
  });

  /** Calls for a user of its own, whose token no cache has. */
  const order = async () => await callTool(server.resource, await server.token({ sub: randomUUID() }), 'order');

  /** What a client and the operator are told, and that others are served. */
  async function expectFailure(says: RegExp, code: string): Promise<void> {
    const result = await order();
    expect(result.isError).toBe(true);
    expect(textOf(result)).toMatch(says);
    expect(JSON.stringify(result)).not.toContain(MARK);
    const lines = listWarnings(server.log.lines);
    expect(lines).toEqual([expect.stringMatching(`^error order failed \\[[^\\]]+\\] \\(${code}\\) `)]);
    expect(lines.join('').length).toBeLessThan(MAX_LINE);
    server.issuer.answers.clear();
    server.orders.answers.clear();
    expect((await order()).isError).toBeUndefined();
  }

  const grant = async () => ({
    access_token: await server.issuer.token({ aud: 'orders-api' }),
    token_type: 'Bearer',
    expires_in: 300,
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    mark: MARK,
  });

  test.each(UNREAD)('a token %s is not used', async (_name, send) => {
    server.issuer.answers.set('/token', send(await grant()));
    await expectFailure(LATER, 'issuer_unavailable');
  });

  test.each(OTHERS)('a token %s is not used', async (_name, send) => {
    server.issuer.answers.set('/token', send(await grant()));
    await expectFailure(OPERATOR, 'exchange_answer_unusable');
  });

  test.each<[string, object]>([
    ['with a line break', { access_token: `a\r\nx-${MARK}: b` }],
    ['of 500 kB', { access_token: 'a'.repeat(500_000) }],
    ['that is a list', { access_token: [MARK] }],
    ['of an unknown type', { token_type: MARK }],
    ['of a type with 500 kB', { token_type: MARK.repeat(25_000) }],
    ['that says it is another', { issued_token_type: MARK }],
  ])('a token %s is not used', async (_name, changes) => {
    server.issuer.answers.set('/token', json({ ...(await grant()), ...changes }));
    await expectFailure(OPERATOR, 'exchange_answer_unusable');
  });

  test.each<[unknown]>([['soon'], [-5], [1e300], [[300]], [null]])(
    'a token that expires in %j seconds serves its call',
    async (expires_in) => {
      server.issuer.answers.set('/token', json({ ...(await grant()), expires_in }));
      expect((await order()).isError).toBeUndefined();
    },
  );

  test.each<[string, object]>([
    ['that is long', { error: MARK.repeat(10_000), error_description: MARK.repeat(10_000) }],
    ['that forges a line', { error: `x\r\nerror ${MARK}`, error_description: `x\r\nerror ${MARK}` }],
    ['that is no text', { error: [MARK], error_description: { MARK }, claims: [MARK], acr_values: [MARK] }],
  ])('a refusal %s', async (_name, body) => {
    server.issuer.answers.set('/token', (_request, response) => {
      sendJson(response, 400, body);
    });
    await expectFailure(OPERATOR, 'exchange_misconfigured');
  });

  test.each<[string, (document: object) => Answer, RegExp, string]>([
    ['of 5 MB', large, /Ask for less at a time/, 'downstream_body_too_large'],
    ['that is 50 MB once it is unpacked', packed, /Ask for less at a time/, 'downstream_body_too_large'],
    ['of 5,000 levels', deep, /order failed, for a reason that is not shown here/, 'downstream_body'],
    ['of HTML', html, /order failed, for a reason that is not shown here/, 'downstream_body'],
    ['that breaks off', broken, /orders API cannot be reached right now. Try again later/, 'downstream_unreachable'],
  ])('JSON of an API %s is not read', async (_name, send, says, code) => {
    server.orders.answers.set('/v1/orders', send({ mark: MARK }));
    await expectFailure(says, code);
  });
});
