import { expect } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import type { Exchange } from '../../sample/quickstart/walkthrough/http-trace.js';
import type { ToolResult } from '../support/mcp-request.js';
import type { TestApi } from '../support/test-api.js';
import type { McpClient } from './mcp-client.js';
import type { Realm } from './realm.js';

export interface WalkedSteps {
  readonly client: McpClient;
  /** What the client was answered. */
  readonly order: ToolResult;
  readonly subject: string;
  readonly realm: Realm;
  readonly api: TestApi;
  readonly origin: string;
  readonly resource: string;
  /** Where the metadata of the server is. Defaults to the place that RFC 9728 says. */
  readonly metadata?: string;
  /** The server's own client. */
  readonly clientId: string;
  /** Scopes of the challenge. */
  readonly scopes: readonly string[];
  /** Whether the client registered itself. */
  readonly isRegisteredByItself: boolean;
}

/** Looks at each of the ten steps from the first request of a client to the answer of the API. */
export async function expectTenSteps(walked: WalkedSteps): Promise<void> {
  const { client, order, subject, realm, api, origin, resource, clientId, scopes, isRegisteredByItself } = walked;
  const { metadata = `${origin}/.well-known/oauth-protected-resource/mcp` } = walked;
  // 1 to 4: refused, told where to look, and what is there.
  const { requests } = client;
  const to = (url: string) => requests.filter((request) => request.url.href === url);
  const [refused, ...served] = to(resource);
  expect(refused).toMatchObject({ status: 401, withToken: false });
  expect(refused?.headers.get('www-authenticate')).toBe(
    `Bearer scope="${scopes.join(' ')}", resource_metadata="${metadata}"`,
  );
  expect(statuses(to(metadata))).toEqual([200]);
  const discoveries = requests.filter(({ url }) => url.href.includes('/.well-known/') && url.origin !== origin);
  expect(discoveries.at(-1)).toMatchObject({ status: 200 });
  expect(discoveries.at(-1)?.url.href).toContain(new URL(realm.issuer).pathname);

  // 5 and 6: a token for this server, with its scopes, got by a code and PKCE.
  const registrations = to(`${realm.issuer}/clients-registrations/openid-connect`);
  expect(statuses(registrations)).toEqual(isRegisteredByItself ? [201] : []);
  expect(statuses(to(`${realm.issuer}/protocol/openid-connect/token`))).toEqual([200]);
  const token = decodeJwt(client.accessToken);
  expect(token).toMatchObject({ iss: realm.issuer, sub: subject, azp: client.clientId });
  expect([token.aud].flat()).toEqual(expect.arrayContaining([resource, clientId]));
  expect(String(token.scope).split(' ')).toEqual(expect.arrayContaining([...scopes]));

  // 7: the call.
  expect(served).not.toEqual([]);
  expect(served.every(({ status, withToken }) => status === 200 && withToken)).toBe(true);
  expect(order.isError).toBeUndefined();

  // 8 to 10: another token, which the API can verify, and its answer.
  const presented = String(api.last.headers.authorization).replace(/^Bearer /, '');
  expect(presented).not.toBe(client.accessToken);
  const keys = createRemoteJWKSet(new URL(`${realm.issuer}/protocol/openid-connect/certs`));
  const { payload } = await jwtVerify(presented, keys, { issuer: realm.issuer, audience: 'orders-api' });
  expect(payload).toMatchObject({ aud: 'orders-api', azp: clientId, sub: subject, scope: 'orders.view' });
  expect(order.structuredContent).toEqual({ path: '/orders/1', subject, audience: 'orders-api' });
}

function statuses(exchanges: readonly Exchange[]): number[] {
  return exchanges.map(({ status }) => status);
}
