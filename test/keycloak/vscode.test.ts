import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { readCommands } from './documented-commands.js';
import { describeWithKeycloak, Keycloak } from './keycloak.js';
import { planRealm } from './realm.js';
import { register, VscodeClient } from './vscode-client.js';
import { VscodeSetUp } from './vscode-set-up.js';

const DOCUMENT = 'https://vscode.dev/oauth/client-metadata.json';
const ALL = ['orders:read', 'orders:write'];
/** With the scopes that Keycloak adds to every token. */
const UNION = ['email', ...ALL, 'profile'];

interface Way {
  readonly name: string;
  readonly block: number;
  readonly keycloak: Keycloak;
  readonly configured?: string;
  readonly clientId: unknown;
  readonly isAskedToConsent: boolean;
  readonly scopes: NonNullable<McpAuthModuleOptions['scopes']>;
  /** What is asked for in each authorization request. */
  readonly asked: readonly (readonly string[])[];
  readonly redirectUris: Readonly<Record<string, boolean>>;
}

const REDIRECT_URIS = {
  'http://127.0.0.1:33418/': true,
  'http://127.0.0.1:33418': false,
  'http://127.0.0.1:54321/': true,
  'https://vscode.dev/redirect': true,
  'https://insiders.vscode.dev/redirect': true,
  'http://127.0.0.1:33418/elsewhere': false,
  'https://client.example/': false,
};

const WAYS: readonly Way[] = [
  {
    name: 'registered by the operator',
    block: 2,
    keycloak: Keycloak.usual,
    configured: 'vscode',
    clientId: 'vscode',
    isAskedToConsent: false,
    scopes: { challenge: 'union' },
    asked: [['orders:read'], UNION],
    redirectUris: { ...REDIRECT_URIS, 'http://127.0.0.1:33418': true },
  },
  {
    name: 'known by its document',
    block: 3,
    keycloak: Keycloak.withClientDocuments,
    clientId: DOCUMENT,
    isAskedToConsent: true,
    scopes: { challenge: 'union' },
    asked: [['orders:read'], UNION],
    // The document has two of them.
    redirectUris: {
      ...REDIRECT_URIS,
      'http://127.0.0.1:54321/': false,
      'https://insiders.vscode.dev/redirect': false,
    },
  },
  {
    name: 'registered by itself',
    block: 4,
    keycloak: Keycloak.usual,
    clientId: expect.stringMatching(/^[\da-f-]{36}$/),
    isAskedToConsent: true,
    scopes: { initial: ALL },
    asked: [ALL],
    redirectUris: REDIRECT_URIS,
  },
];

describeWithKeycloak('VS Code, let in by the commands of its page', () => {
  let blocks: readonly string[];
  beforeAll(async () => {
    const commands = await readCommands('clients/vscode.md', ['At Keycloak']);
    expect(commands.names).toEqual(['KEYCLOAK', 'REALM', 'RESOURCE']);
    ({ blocks } = commands);
    expect(blocks).toHaveLength(5);
  });

  describe.each(WAYS)('$name', ({ block, keycloak, configured, clientId, isAskedToConsent, scopes, asked, ...way }) => {
    let setUp: VscodeSetUp;
    let known: string;
    beforeAll(async () => {
      setUp = await VscodeSetUp.by([...blocks.slice(0, 2), blocks[block] ?? ''], keycloak, scopes);
    });
    afterAll(() => setUp.close());

    test('signs in, calls, and steps up', async () => {
      const { resource, alice, realm } = setUp;
      const client = new VscodeClient(resource, alice, configured);
      await client.start();
      const who = { client: client.clientId, subject: await alice.id() };
      for (const tool of ['find_order', 'cancel_order', 'find_order']) {
        expect(await client.call(tool)).toMatchObject({ status: 200, result: { structuredContent: who } });
      }
      expect(client.clientId).toEqual(clientId);
      known = client.clientId ?? '';
      expect(client.requests.map((request) => request.get('scope')?.split(' ').toSorted())).toEqual(asked);
      expect(client.requests.map((request) => request.get('resource'))).toEqual(asked.map(() => resource));
      const [registered] = await realm.admin<object[]>('GET', `/clients?${new URLSearchParams({ clientId: known })}`);
      expect(registered).toMatchObject({ publicClient: true, consentRequired: isAskedToConsent });
    });

    test.each(Object.entries(way.redirectUris))('the redirect URI %s: %s', async (redirectUri, isAccepted) => {
      const { resource, alice } = setUp;
      const client = new VscodeClient(resource, alice, known, redirectUri);
      const started = client.start();
      await (isAccepted ? started : expect(started).rejects.toThrow(/The sign-in ended at .*: 400/));
    });
  });

  test('registered by itself for the scopes of read-only tools, it cannot step up', async () => {
    const setUp = await VscodeSetUp.by([...blocks.slice(0, 2), blocks[4] ?? ''], Keycloak.usual, {});
    const client = new VscodeClient(setUp.resource, setUp.alice);
    await client.start();
    expect(await client.call('find_order')).toMatchObject({ status: 200 });
    await expect(client.call('cancel_order')).rejects.toThrow('error=invalid_scope');
    await setUp.close();
  });

  test('the realm of the first tutorial lets it register itself', async () => {
    const file = new URL('../../sample/first-server/keycloak/realm.json', import.meta.url);
    const { name, issuer } = planRealm();
    await Keycloak.usual.admin('POST', '/realms', { ...JSON.parse(await readFile(file, 'utf8')), realm: name });
    const registered = register({ registration_endpoint: `${issuer}/clients-registrations/openid-connect` }, ALL);
    expect(await registered).toMatch(/^[\da-f-]{36}$/);
    await Keycloak.usual.admin('DELETE', `/realms/${name}`);
  });
});
