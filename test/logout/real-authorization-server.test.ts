import { afterEach, expect, test } from '@jest/globals';
import { Browser } from '../linking/browser.js';
import { UserAuthorizationServer } from '../linking/user-authorization-server.js';
import { startLogoutServer, type LogoutServer } from './logout-server.js';

let authorizationServer: UserAuthorizationServer;
let server: LogoutServer;

afterEach(async () => {
  await server.close();
  await authorizationServer.close();
});

test('a user who signs out at oidc-provider is exchanged for anew', async () => {
  authorizationServer = await UserAuthorizationServer.start('127.0.0.1');
  server = await startLogoutServer(authorizationServer.issuer);
  const redirectUri = `${server.resource}/link/callback`;
  await authorizationServer.register({
    id: 'mcp-server',
    secret: 'mcp-server-secret',
    redirectUri,
    logoutUri: server.logoutUri,
  });
  const [alice, bob] = [
    await authorizationServer.tokenOf('alice', server.resource),
    await authorizationServer.tokenOf('bob', server.resource),
  ];
  // The user has a session in which this server's client takes part.
  const browser = new Browser('alice');
  await authorizationServer.authorize(browser, 'mcp-server', redirectUri);
  for (const token of [alice, bob]) await server.order(token);
  expect(server.exchanged).toEqual(['alice', 'bob']);
  const told = new Promise((resolve) => {
    authorizationServer.onLogout(resolve);
  });
  await browser.visit(`${authorizationServer.issuer}/session/end`);
  await told;
  for (const token of [alice, bob]) await server.order(token);
  expect(server.exchanged).toEqual(['alice', 'bob', 'alice']);
  expect(server.log.text).toContain('"type":"session_ended"');
});
