import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { clientSecretBasic, type DownstreamOptions } from 'nestjs-mcp-auth';
import { Browser } from './browser.js';
import { Parties, type LinkedServer } from './linked-server.js';

let parties: Parties;

beforeEach(async () => {
  parties = await Parties.start();
});
afterEach(() => parties.close());

/** A server that knows nothing of the partner's but its endpoints. */
async function serve(linked: Partial<NonNullable<DownstreamOptions['linked']>> = {}): Promise<LinkedServer> {
  const { issuer } = parties.partner;
  return await parties.serve({
    crm: {
      linked: {
        authorizationEndpoint: `${issuer}/auth`,
        tokenEndpoint: `${issuer}/token`,
        client: { id: 'mcp-at-partner', authentication: clientSecretBasic('mcp-at-partner-secret') },
        ...linked,
      },
    },
  });
}

const discoveries = () => parties.partner.requests.filter((path) => path.startsWith('/.well-known'));

test('an account is linked, refreshed and unlinked by endpoints alone', async () => {
  const server = await serve({ revocationEndpoint: `${parties.partner.issuer}/token/revocation` });
  const linked = await new Browser('alice').visit(await server.pageFor('alice'));
  expect(linked.html).toContain('Your crm account is linked');
  expect((await server.call('alice')).result?.structuredContent?.of).toBe('alice');
  parties.refuseSeen();
  expect((await server.call('alice')).result?.structuredContent?.of).toBe('alice');
  expect(parties.partner.grants).toEqual(['authorization_code', 'refresh_token']);
  await server.accounts.unlink({ issuer: parties.enterprise.issuer, subject: 'alice' }, 'crm');
  expect(parties.partner.requests.filter((path) => path === '/token/revocation')).toHaveLength(2);
  expect(discoveries()).toEqual([]);
});

test('without an address to revoke at, the tokens are forgotten here', async () => {
  const server = await serve();
  await new Browser('alice').visit(await server.pageFor('alice'));
  expect(await server.accounts.unlink({ issuer: parties.enterprise.issuer, subject: 'alice' }, 'crm')).toBe(true);
  expect(parties.partner.requests.filter((path) => path === '/token/revocation')).toEqual([]);
  expect((await server.call('alice')).result?.inputRequests?.page).toBeDefined();
});

test('`iss` of an answer has to be the issuer that is named beside them (RFC 9207)', async () => {
  const server = await serve({ issuer: 'https://another.example' });
  expect((await new Browser('alice').visit(await server.pageFor('alice'))).status).toBe(502);
  expect(parties.partner.grants).toEqual([]);
});

test('further parameters are sent along, and those of the scopes and of the resource', async () => {
  const server = await serve({ authorizationParameters: { access_type: 'offline', prompt: 'consent' } });
  const browser = new Browser('alice');
  const { url } = await browser.visit(await server.pageFor('alice'), ({ origin }) => origin === parties.partner.issuer);
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    access_type: 'offline',
    prompt: 'consent',
    scope: 'contacts:read',
    resource: parties.api,
    client_id: 'mcp-at-partner',
    code_challenge_method: 'S256',
  });
});
