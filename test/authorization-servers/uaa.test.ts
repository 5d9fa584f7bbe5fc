import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { dialects, providers } from 'nestjs-mcp-auth';
import { startOrdersServer, type OrdersServer } from './orders-server.js';
import { getOwnToken, SECRET, signIn, type Tokens } from './sign-in.js';

const { UAA_ORIGIN: origin = '' } = process.env;
const describeWithUaa = origin === '' ? describe.skip : describe;

// XSUAA is made of it, and has the same claims, grants and metadata.
describeWithUaa('a real UAA, by the preset for XSUAA', () => {
  let tokens: Tokens;
  let server: OrdersServer;

  beforeAll(async () => {
    const request = { issuer: `${origin}/oauth/token`, secret: SECRET, nonce: 'n-0S6' };
    tokens = await signIn({ ...request, clientId: 'assistant', scope: 'openid orders-mcp.orders:read' });
    const issuer = providers.xsuaa({ url: origin, xsappname: 'orders-mcp' });
    const orders = { scopes: ['orders-api.view'], dialect: dialects.xsuaa() };
    server = await startOrdersServer(issuer, 'sb-orders-mcp', orders);
  });
  afterAll(() => server.close());

  test('its tokens name their keys, and that is ignored', async () => {
    // At an address that nobody answers at.
    expect(decodeProtectedHeader(tokens.accessToken)).toMatchObject({
      typ: 'JWT',
      jku: `${origin.replace('http:', 'https:')}/token_keys`,
    });
    expect(await server.call(tokens.accessToken)).toEqual({
      subject: decodeJwt(tokens.accessToken).user_id,
      clientId: 'assistant',
      appOnly: false,
      scopes: expect.arrayContaining(['openid', 'orders:read']),
    });
  });

  test('its refresh tokens are JWTs for the same audience, and are refused', async () => {
    expect(decodeJwt(tokens.refreshToken).aud).toContain('orders-mcp');
    expect(await server.call(tokens.refreshToken)).toBe(401);
    expect(server.log.text).toMatch(/its jti ends in \\"-r\\", as that of a refresh token of UAA/);
  });

  test('its ID tokens are refused', async () => {
    expect(decodeJwt(tokens.idToken)).toMatchObject({ scope: ['openid'] });
    expect(await server.call(tokens.idToken)).toBe(401);
  });

  test('a token for nothing of this application is refused', async () => {
    const request = { issuer: `${origin}/oauth/token`, secret: SECRET, scope: 'openid' };
    const { accessToken } = await signIn({ ...request, clientId: 'stranger' });
    expect(await server.call(accessToken)).toBe(401);
    expect(server.log.text).toMatch(/its aud is/);
  });

  test('a token of a client has no user', async () => {
    const token = await getOwnToken(`${origin}/oauth/token`, 'sb-orders-mcp', 'orders-mcp.orders:read');
    expect(decodeJwt(token)).toMatchObject({ sub: 'sb-orders-mcp', grant_type: 'client_credentials' });
    // It is one of the server's own.
    expect(await server.call(token)).toBe(401);
    expect(server.log.text).toMatch(/it was issued to the client sb-orders-mcp/);
  });

  test('exchanges the token of a user, for the scopes of the API alone', async () => {
    expect(await server.call(tokens.accessToken, 'find_order')).toMatchObject({ path: '/orders/1' });
    const presented = decodeJwt(String(server.api.last.headers.authorization).replace(/^Bearer /, ''));
    expect(presented).toMatchObject({
      user_name: 'alice',
      scope: ['orders-api.view'],
      client_id: 'sb-orders-mcp',
      grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    });
    expect(presented.aud).not.toContain('orders-mcp');
  });
});
