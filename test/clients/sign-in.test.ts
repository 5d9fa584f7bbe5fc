import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { TokenEvent } from '../../sample/quickstart/authorization-server/token-events.js';
import { startQuickstart, type Quickstart } from '../../sample/quickstart/quickstart.js';
import { EventLog } from '../../sample/quickstart/walkthrough/event-log.js';
import { authorizationNeeded, McpClient } from '../../sample/quickstart/walkthrough/mcp-client.js';
import { OAuthClient } from '../../sample/quickstart/walkthrough/oauth-client.js';
import { signIn } from '../../sample/quickstart/walkthrough/sign-in.js';
import { createServerWith, refuseFirstToken } from './initial-scopes-server.js';

const PORTS = { mcpPort: 0, authPort: 0, apiPort: 0 };
const ORDER = { name: 'create_order', arguments: { item: 'pump', quantity: 1 } };

let quickstart: Quickstart;
let events: EventLog;
beforeAll(async () => {
  quickstart = await startQuickstart(PORTS);
  events = new EventLog(quickstart.events);
});
afterAll(() => quickstart.close());

/** A client that is not given refresh tokens, if it does not ask for them. */
class WithoutRefresh extends OAuthClient {
  override readonly clientMetadata = { ...new OAuthClient().clientMetadata, grant_types: ['authorization_code'] };
}

/** What was asked of the token endpoint while a client was used whose first token is refused, as if it had been revoked. */
async function withRefusedToken(
  use: () => Promise<void>,
): Promise<[grantType: string, resource: string | undefined][]> {
  const usual = quickstart;
  quickstart = await startQuickstart(PORTS, createServerWith(['orders:read'], refuseFirstToken()));
  const tokens: TokenEvent[] = [];
  quickstart.events.on('token', (event) => tokens.push(event));
  try {
    await use();
    return tokens
      .filter(({ clientId }) => clientId !== 'mcp-server')
      .map(({ grantType, resource }) => [grantType, resource?.replace(quickstart.mcpUrl, 'the server')]);
  } finally {
    await quickstart.close();
    quickstart = usual;
  }
}

const REFRESHED = [
  ['authorization_code', 'the server'],
  ['refresh_token', 'the server'],
];

// For what else it does, see the walkthrough.
test('a client of @modelcontextprotocol/client 2.x refreshes a token that the server refuses', async () => {
  const tokens = await withRefusedToken(async () => {
    const client = new McpClient(new URL(quickstart.mcpUrl), 'alice');
    await authorizationNeeded(client.connect());
    await client.redeemCode(await client.signIn());
    await client.connect();
    expect(await client.callTool('find_order', { id: '1001' })).toContain('alice');
    await client.close();
  });

  expect(tokens).toEqual(REFRESHED);
});

describe('a client of @modelcontextprotocol/sdk 1.x', () => {
  async function connect(oauth: OAuthClient) {
    const client = () => new ClientV1({ name: 'v1', version: '1.0.0' });
    const transport = () => new TransportV1(new URL(quickstart.mcpUrl), { authProvider: oauth });
    const first = transport();
    await expect(client().connect(first)).rejects.toThrow(UnauthorizedError);
    await finish(first, oauth);
    const connected = { client: client(), transport: transport() };
    await connected.client.connect(connected.transport);
    return connected;
  }

  async function finish(transport: TransportV1, oauth: OAuthClient): Promise<void> {
    const response = await signIn(oauth.authorizationUrl ?? '', { username: 'alice' });
    await transport.finishAuth(response.searchParams.get('code') ?? '');
  }

  test('finds the way in, signs in, lists and calls', async () => {
    const { client } = await connect(new OAuthClient());

    expect((await client.listTools()).tools).toHaveLength(5);
    const found = await client.callTool({ name: 'find_order', arguments: { id: '1001' } });
    await client.close();

    expect(found.structuredContent).toMatchObject({ id: '1001', owner: 'alice' });
    expect(events.lastRequest().claims).toMatchObject({ aud: quickstart.apiUrl, act: { sub: 'mcp-server' } });
  });

  test('refreshes a token that the server refuses', async () => {
    const tokens = await withRefusedToken(async () => {
      const { client } = await connect(new OAuthClient());
      const found = await client.callTool({ name: 'find_order', arguments: { id: '1001' } });
      expect(found.structuredContent).toMatchObject({ owner: 'alice' });
      await client.close();
    });

    expect(tokens).toEqual(REFRESHED);
  });

  test('steps up, where it has no refresh token', async () => {
    const oauth = new WithoutRefresh();
    const { client, transport } = await connect(oauth);

    const refused = client.callTool(ORDER);
    await expect(refused).rejects.toThrow(UnauthorizedError);
    await finish(transport, oauth);
    const created = await client.callTool(ORDER);
    await client.close();

    expect(created.structuredContent).toMatchObject({ item: 'pump', owner: 'alice' });
    expect(oauth.authorizationUrl?.searchParams.get('scope')).toBe('orders:write');
  });

  test('tries its refresh token instead, where it has one, and gives up', async () => {
    const oauth = new OAuthClient();
    const { client } = await connect(oauth);

    await expect(client.callTool(ORDER)).rejects.toThrow('403');
    await client.close();

    expect(events.lastToken('refresh_token').claims).toMatchObject({ scope: 'orders:read' });
  });

  test('may call all with its first token, where `scopes.initial` names all', async () => {
    const usual = quickstart;
    quickstart = await startQuickstart(PORTS, createServerWith(['orders:read', 'orders:write']));
    try {
      const oauth = new OAuthClient();
      const { client } = await connect(oauth);
      const created = await client.callTool(ORDER);
      await client.close();
      expect(created.structuredContent).toMatchObject({ item: 'pump', owner: 'alice' });
      expect(oauth.authorizationUrl?.searchParams.get('scope')).toBe('orders:read orders:write');
    } finally {
      await quickstart.close();
      quickstart = usual;
    }
  });
});
