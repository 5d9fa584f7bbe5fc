import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { dialects, type IssuerOptions } from 'nestjs-mcp-auth';
import { startOrdersServer, RESOURCE, type OrdersServer } from './orders-server.js';
import { getOwnToken, signIn, type Tokens } from './sign-in.js';

const { SPRING_ORIGIN: issuer = '' } = process.env;
const describeWithSpring = issuer === '' ? describe.skip : describe;

/** As the page has it for tokens that are not customized. */
const AS_IT_COMES: IssuerOptions = {
  issuer,
  acceptMissingType: true,
  audiences: ['assistant'],
  requiredClaims: ['scope'],
  claims: { clientId: [({ aud }) => (Array.isArray(aud) ? String(aud[0]) : (aud as string))] },
};

describeWithSpring('a real Spring Authorization Server', () => {
  let usual: Tokens;
  let customized: Tokens;
  let server: OrdersServer;

  beforeAll(async () => {
    const request = { issuer, scope: 'openid orders:read', nonce: 'n-0S6' };
    usual = await signIn({ ...request, clientId: 'assistant' });
    customized = await signIn({ ...request, clientId: 'customized' });
  });
  afterEach(() => server?.close());

  const start = async (trust: IssuerOptions) => {
    const orders = { audience: 'orders-api', scopes: ['orders.view'], dialect: dialects.rfc8693() };
    return (server = await startOrdersServer(trust, 'mcp-orders', orders));
  };

  test('its tokens as they come have no typ: refused, and the log names the option', async () => {
    expect(decodeProtectedHeader(usual.accessToken).typ).toBeUndefined();
    await start({ issuer });
    expect(await server.call(usual.accessToken)).toBe(401);
    expect(server.log.text).toMatch(/typ is missing.*`typ` \(Spring Authorization Server\), set `acceptMissingType`/);
  });

  test('its tokens as they come, with the options of the page', async () => {
    await start(AS_IT_COMES);
    expect(await server.call(usual.accessToken)).toEqual({
      ...{ subject: 'alice', clientId: 'assistant', appOnly: false },
      scopes: expect.arrayContaining(['openid', 'orders:read']),
    });
    for (const token of [usual.idToken, customized.idToken, customized.accessToken])
      expect(await server.call(token)).toBe(401);
  });

  test('without the claim of the client nobody is a user', async () => {
    await start({ ...AS_IT_COMES, claims: {} });
    expect(await server.call(usual.accessToken)).toMatchObject({ subject: 'alice', appOnly: true });
  });

  test('with the code of the page no option is needed, and its ID tokens are refused', async () => {
    expect(decodeJwt(customized.accessToken)).toMatchObject({ aud: RESOURCE, client_id: 'customized' });
    await start({ issuer });
    const caller = { subject: 'alice', clientId: 'customized', appOnly: false };
    expect(await server.call(customized.accessToken)).toMatchObject(caller);
    for (const token of [usual.accessToken, usual.idToken, customized.idToken])
      expect(await server.call(token)).toBe(401);
  });

  test('exchanges the token of a user', async () => {
    await start({ issuer });
    expect(await server.call(customized.accessToken, 'find_order')).toMatchObject({ path: '/orders/1' });
    const presented = decodeJwt(String(server.api.last.headers.authorization).replace(/^Bearer /, ''));
    expect(presented).toMatchObject({ sub: 'alice', aud: 'orders-api', client_id: 'mcp-orders' });
    expect([presented.scope].flat()).toEqual(['orders.view']);
    // It is for the API, and nobody calls this server with it.
    const { accessToken } = { accessToken: String(server.api.last.headers.authorization).replace(/^Bearer /, '') };
    expect(await server.call(accessToken)).toBe(401);
  });

  test('a token of a client has no user', async () => {
    const token = await getOwnToken(`${issuer}/oauth2/token`, 'mcp-orders', 'orders:read');
    await start({ ...AS_IT_COMES, audiences: ['orders-api'], types: ['at+jwt'], acceptOwnTokens: true, claims: {} });
    expect(await server.call(token)).toMatchObject({ subject: 'mcp-orders', appOnly: true });
  });
});
