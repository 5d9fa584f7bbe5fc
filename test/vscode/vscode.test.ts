import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { readCommands } from '../keycloak/documented-commands.js';
import { describeWithKeycloak, Keycloak } from '../keycloak/keycloak.js';
import { VscodeSetUp } from '../keycloak/vscode-set-up.js';
import type { Platform } from '../support/test-application.js';
import { RecordedServer, type RecordedRequest } from './recorded-server.js';
import { Workbench } from './workbench.js';

const DOCUMENT = 'https://vscode.dev/oauth/client-metadata.json';
const ALL = ['orders:read', 'orders:write'];
/** With the scopes that Keycloak adds to every token. */
const UNION = ['email', ...ALL, 'profile'];
const ON_THE_WEB = 'https://vscode.dev/redirect';
const ON_A_DESKTOP = 'http://127.0.0.1:33418/';

const isRefresh = ({ parameters }: RecordedRequest) => parameters.grant_type === 'refresh_token';

interface Way {
  readonly name: string;
  /** The block of the page that makes VS Code known. */
  readonly block: number;
  readonly keycloak: Keycloak;
  readonly platform: Platform;
  /** Of `mcp.json`. */
  readonly oauth?: object | undefined;
  readonly clientId: unknown;
  readonly isAskedToConsent: boolean;
  readonly scopes: NonNullable<McpAuthModuleOptions['scopes']>;
  /** What is asked for in each authorization request. */
  readonly asked: readonly (readonly string[])[];
}

const REGISTERED: Way = {
  name: 'registered by the operator',
  block: 2,
  keycloak: Keycloak.usual,
  platform: 'express',
  oauth: { clientId: 'vscode' },
  clientId: 'vscode',
  isAskedToConsent: false,
  scopes: { challenge: 'union' },
  asked: [['orders:read'], UNION],
};

const WAYS: readonly Way[] = [
  REGISTERED,
  {
    name: 'known by its document',
    block: 3,
    keycloak: Keycloak.withClientDocuments,
    platform: 'fastify',
    clientId: DOCUMENT,
    isAskedToConsent: true,
    scopes: { challenge: 'union' },
    asked: [['orders:read'], UNION],
  },
  {
    name: 'registered by itself',
    block: 4,
    keycloak: Keycloak.usual,
    platform: 'express',
    clientId: expect.stringMatching(/^[\da-f-]{36}$/),
    isAskedToConsent: true,
    scopes: { initial: ALL },
    asked: [ALL],
  },
];

describeWithKeycloak('VS Code itself, let in by the commands of its page', () => {
  let blocks: readonly string[];
  let recorded: RecordedServer;
  let setUp: VscodeSetUp;
  let workbench: Workbench;
  /** The revisions of the protocol that VS Code names to the MCP server. */
  let revisions: Set<string>;
  const notice = (message: unknown) => {
    const { host, 'mcp-protocol-version': revision } = (message as { request: IncomingMessage }).request.headers;
    if (host === new URL(setUp.resource).host && typeof revision === 'string') revisions.add(revision);
  };
  beforeEach(() => {
    revisions = new Set();
  });
  beforeAll(async () => {
    ({ blocks } = await readCommands('clients/vscode.md', ['At Keycloak']));
  });
  afterEach(async () => {
    unsubscribe('http.server.request.start', notice);
    await workbench.close();
    await setUp.close();
    recorded.close();
  });

  /** A realm by the commands of the page, a server, and VS Code with the server in `mcp.json`. */
  async function open({ block, keycloak, scopes, platform, oauth }: Way, { isDesktop = false } = {}): Promise<void> {
    recorded = await RecordedServer.inFrontOf(keycloak.origin);
    const commands = [...blocks.slice(0, 2), blocks[block] ?? ''];
    setUp = await VscodeSetUp.by(commands, keycloak, scopes, { url: recorded.origin, platform });
    const orders = { type: 'http', url: setUp.resource, ...(oauth && { oauth }) };
    subscribe('http.server.request.start', notice);
    const { username } = setUp.alice;
    const user = { username, password: setUp.realm.password };
    workbench = await Workbench.open({ servers: { orders } }, user, { isDesktop });
  }

  async function startServer({ isAskedToConsent }: Way): Promise<void> {
    const popup = await workbench.startServer('orders');
    await workbench.signIn(popup);
    if (isAskedToConsent) await workbench.consent(popup);
  }

  async function call(tool: string): Promise<unknown> {
    await workbench.call(tool);
    return await workbench.answer();
  }

  const authorizationRequests = () => recorded.to('/protocol/openid-connect/auth').map(({ parameters }) => parameters);
  const tokenRequests = () => recorded.to('/protocol/openid-connect/token').map(({ parameters }) => parameters);

  test.each(WAYS)('$name: it signs in, calls, and steps up', async (way) => {
    await open(way);
    await startServer(way);
    const who = { client: way.clientId, subject: await setUp.alice.id() };

    expect(await call('find_order')).toEqual(who);
    await workbench.call('cancel_order');
    await workbench.confirm();
    if (way.asked.length > 1) {
      const popup = await workbench.allow();
      if (way.isAskedToConsent) await workbench.consent(popup);
    }
    expect(await workbench.answer()).toEqual(who);
    expect(await call('find_order')).toEqual(who);

    expect(authorizationRequests().map(({ scope = '' }) => scope.split(' ').toSorted())).toEqual(way.asked);
    expect([...revisions]).toEqual(['2025-11-25']);
    for (const request of [...authorizationRequests(), ...tokenRequests()]) {
      expect(request).toMatchObject({
        client_id: way.clientId,
        redirect_uri: ON_THE_WEB,
        resource: setUp.resource,
      });
    }
    expect(tokenRequests().map(({ grant_type }) => grant_type)).toEqual(way.asked.map(() => 'authorization_code'));
  });

  test('on a desktop, it listens on its port', async () => {
    await open(REGISTERED, { isDesktop: true });
    await startServer(REGISTERED);
    expect(await call('find_order')).toMatchObject({ client: 'vscode' });
    expect(authorizationRequests()).toEqual([expect.objectContaining({ redirect_uri: ON_A_DESKTOP })]);
    expect(tokenRequests()).toEqual([expect.objectContaining({ redirect_uri: ON_A_DESKTOP })]);
  });

  test('on a desktop where its port is taken, it listens on another', async () => {
    const other = createServer().listen(Number(new URL(ON_A_DESKTOP).port), '127.0.0.1');
    await once(other, 'listening');
    try {
      await open(REGISTERED, { isDesktop: true });
      await startServer(REGISTERED);
      expect(await call('find_order')).toMatchObject({ client: 'vscode' });
    } finally {
      other.close();
    }
    const [{ redirect_uri = '' } = {}] = authorizationRequests();
    expect(redirect_uri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(redirect_uri).not.toBe(ON_A_DESKTOP);
  });

  test('after a challenge for the new scope alone, it keeps a token for each set of scopes', async () => {
    await open({ ...REGISTERED, scopes: {} });
    await startServer(REGISTERED);
    await call('find_order');
    await workbench.call('cancel_order');
    await workbench.confirm();
    await workbench.allow();
    expect(await workbench.answer()).toMatchObject({ client: 'vscode' });
    expect(await call('find_order')).toMatchObject({ client: 'vscode' });
    expect(authorizationRequests().map(({ scope }) => scope)).toEqual(['orders:read', 'orders:write']);
  });

  test('a token of five minutes is refreshed without end, though nobody does anything', async () => {
    await open(REGISTERED);
    await setUp.realm.configureClient('vscode', { attributes: { 'access.token.lifespan': '300' } });
    await startServer(REGISTERED);
    await recorded.until(20, isRefresh);
    const refreshes = recorded.requests.filter(isRefresh);
    expect(new Set(refreshes.map(({ status }) => status))).toEqual(new Set([200]));
    expect(refreshes[0]?.parameters).toEqual({
      client_id: 'vscode',
      grant_type: 'refresh_token',
      refresh_token: expect.anything(),
      resource: setUp.resource,
    });
    expect(await call('find_order')).toMatchObject({ client: 'vscode' });
  });

  test('not known in any way, it asks its user for a client ID, and takes it', async () => {
    await open({ ...REGISTERED, oauth: undefined });
    await workbench.chooseToStart('orders');
    expect(await workbench.registrationPrompt()).toContain('http://127.0.0.1:33418\nhttps://vscode.dev/redirect');
    const popup = await workbench.enterClientId('vscode');
    await workbench.signIn(popup);
    expect(await call('find_order')).toMatchObject({ client: 'vscode' });
    expect(recorded.to('/clients-registrations/openid-connect').map(({ status }) => status)).toEqual([403]);
  });
});
