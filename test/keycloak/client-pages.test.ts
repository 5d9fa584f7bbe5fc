import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { knownClients } from '../../lib/mcp-clients/known-clients.js';
import { readCommands, runCommands } from './documented-commands.js';
import { describeWithKeycloak, Keycloak } from './keycloak.js';
import { planRealm, Realm } from './realm.js';

const RESOURCE = 'https://mcp.acme.example/mcp';

/** Each redirect URI as a client sends it: with a port where it takes one of its choice. */
function listSent(): [clientId: string, redirectUri: string][] {
  const known = knownClients.flatMap(({ id, redirectUris }) =>
    redirectUris.map(({ uri, anyPort }): [string, string] => [
      id,
      (anyPort ? uri.replace(/^(http:\/\/[^/]+)/, '$1:54321') : uri).replace('…', 'cr123-5forders'),
    ]),
  );
  const loopback = 'http://127.0.0.1:54321/callback';
  return [
    ...known,
    ['assistant', loopback],
    ['python-assistant', loopback],
    ['go-assistant', loopback],
    ['rust-assistant', loopback],
    ['java-assistant', loopback],
    ['spring-assistant', 'https://assistant.acme.example/authorize/oauth2/code/orders'],
  ];
}

/** What the browser of a user gets that a client sends to sign in. */
async function open(realm: Realm, clientId: string, redirectUri: string): Promise<{ status: number; html: string }> {
  const address = new URL(`${realm.issuer}/protocol/openid-connect/auth`);
  address.search = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    scope: 'orders:read',
    resource: RESOURCE,
    state: 'of-the-client',
  }).toString();
  const response = await fetch(address);
  return { status: response.status, html: await response.text() };
}

const PASSWORD_FIELD = /<input[^>]+type="password"/;

describeWithKeycloak('a realm that was set up by the commands of all client pages', () => {
  let realm: Realm;
  beforeAll(async () => {
    const plan = planRealm();
    realm = await Realm.createEmpty(plan);
    const pages = (await readdir(new URL('../../docs/clients', import.meta.url))).filter(
      (page) => !['index.md', 'vscode.md'].includes(page),
    );
    const { blocks } = await readCommands('clients/vscode.md', ['At Keycloak']);
    // Of the page of VS Code: the sign-in, the scopes, and the way of registration that is recommended.
    const scripts = blocks.slice(0, 3);
    for (const page of pages) scripts.push(...(await readEvery(page)));
    await runCommands(scripts.join('\n'), { KEYCLOAK: plan.keycloak.origin, REALM: plan.name, RESOURCE });
  });
  afterAll(() => realm.close());

  /** The pages take the values for granted, so no block of theirs has any. */
  async function readEvery(page: string): Promise<readonly string[]> {
    const { names, first, blocks } = await readCommands(`clients/${page}`, ['At Keycloak']);
    return names.includes('KEYCLOAK') ? blocks : [first, ...blocks];
  }

  test.each(listSent())('%s is let in with %s', async (clientId, redirectUri) => {
    const { status, html } = await open(realm, clientId, redirectUri);
    expect({ status, hasLogin: PASSWORD_FIELD.test(html) }).toEqual({ status: 200, hasLogin: true });
  });

  test.each(listSent())('%s is not let in beside %s', async (clientId, redirectUri) => {
    expect(await open(realm, clientId, `${redirectUri}/elsewhere`)).toMatchObject({ status: 400 });
  });

  test('Cursor cannot register itself, as its page says', async () => {
    const cursor = knownClients.find(({ id }) => id === 'cursor');
    const response = await fetch(`${realm.issuer}/clients-registrations/openid-connect`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: 'Cursor', redirect_uris: cursor?.redirectUris.map(({ uri }) => uri) }),
    });
    expect(response.status).toBe(403);
  });
});

describeWithKeycloak('a realm that takes the documents of several clients', () => {
  let realm: Realm;
  beforeAll(async () => {
    const plan = planRealm(Keycloak.withClientDocuments);
    realm = await Realm.createEmpty(plan);
    const { blocks } = await readCommands('clients/vscode.md', ['At Keycloak']);
    const [signIn = '', scopes = '', , policy = ''] = blocks;
    // As the overview says: the hosts of all of them.
    const forAll = policy
      .replace('"127.0.0.1"]', '"127.0.0.1", "claude.ai", "localhost", "chatgpt.com", "persistent.oaistatic.com"]')
      .replace(
        '-permitted-domains": ["vscode.dev"]',
        '-permitted-domains": ["vscode.dev", "claude.ai", "chatgpt.com"]',
      );
    const values = { KEYCLOAK: plan.keycloak.origin, REALM: plan.name, RESOURCE };
    await runCommands([signIn, scopes, forAll].join('\n'), values);
  });
  afterAll(() => realm.close());

  describe.each<[string, string, number]>([
    ['vscode', 'http://127.0.0.1:33418/', 200],
    ['claude-code', 'http://localhost:54321/callback', 200],
    ['claude-code', 'http://127.0.0.1:54321/callback', 200],
    // The reasons are on the pages.
    ['claude', 'https://claude.ai/api/mcp/auth_callback', 400],
    ['chatgpt', 'https://chatgpt.com/connector_platform_oauth_redirect', 400],
  ])('%s with %s', (id, redirectUri, expected) => {
    test(`is answered ${expected}`, async () => {
      const document = knownClients.find((one) => one.id === id)?.metadataDocument ?? '';
      const { status, html } = await open(realm, document, redirectUri);
      expect({ status, hasLogin: PASSWORD_FIELD.test(html) }).toEqual({
        status: expected,
        hasLogin: expected === 200,
      });
    });
  });
});
