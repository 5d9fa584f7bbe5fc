import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { knownClients } from '../../lib/mcp-clients/known-clients.js';

/** What every page answers, in this order. */
const HEADINGS = [
  'Add the server',
  'How it finds the authorization server',
  'How it registers',
  'Redirect URIs',
  'At Keycloak',
  'At Entra ID, Okta and Auth0',
  'Stepping up',
  'resource, refresh, offline_access',
  'Known faults',
  'What was run',
];

const DOCS = new URL('../../docs/clients/', import.meta.url);

const read = async (page: string) => await readFile(new URL(page, DOCS), 'utf8');

const pages = (await readdir(DOCS)).filter((page) => page !== 'index.md');

test.each(pages)('%s answers the same questions in the same order', async (page) => {
  const headings = [...(await read(page)).matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual(HEADINGS);
});

test.each(pages)('%s is linked from the overview', async (page) => {
  expect(await read('index.md')).toContain(`](${page})`);
});

/** The server of the pages. */
const ENDPOINT = 'https://id.acme.example/realms/acme/protocol/openid-connect';
const ORDERS = {
  name: 'orders',
  url: 'https://mcp.acme.example/mcp',
  authorizationServer: { authorization: `${ENDPOINT}/auth`, token: `${ENDPOINT}/token` },
  scopes: ['orders:read', 'orders:write'],
};

test.each(knownClients)('the page of $id has what the command prints', async ({ id, page, steps, ...client }) => {
  const text = await read(page);
  const blocks = [...text.matchAll(/^```(json|sh|text)\n(.*?)\n```$/gms)].map(([, language, block = '']) =>
    language === 'json' ? (JSON.parse(block) as unknown) : block,
  );
  for (const server of [ORDERS, { ...ORDERS, clientId: id }]) {
    for (const step of steps(server)) {
      // Shells and links are shown for clients that register themselves, and forms and files for all.
      if (server !== ORDERS && ['vscode', 'cursor', 'inspector'].includes(id) && step.language !== 'json') continue;
      expect(blocks).toContainEqual(step.language === 'json' ? JSON.parse(step.text) : step.text);
    }
  }
  for (const { uri } of client.redirectUris) expect(text).toContain(uri);
  if (client.metadataDocument !== undefined) expect(text).toContain(client.metadataDocument);
});
