import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { McpAuthHealthIndicator } from 'nestjs-mcp-auth';
import { Browser } from './browser.js';
import { Parties, type LinkedServer } from './linked-server.js';

let parties: Parties;
let server: LinkedServer;

beforeEach(async () => {
  parties = await Parties.start();
  server = await parties.serve();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await parties.close();
});

async function link(user = 'alice'): Promise<void> {
  expect((await new Browser(user).visit(await server.pageFor(user))).status).toBe(200);
}

/** Access tokens of the partner are good for no longer than this, as far as anybody is told. */
function lifetime(seconds: number): void {
  parties.partner.accessTokenLifetime = seconds;
}

const contactsOf = async (user = 'alice') => (await server.call(user)).result?.structuredContent?.of;

describe('a token that has expired', () => {
  test('is refreshed, once for all who call at once, and again with the refresh token that came then', async () => {
    lifetime(60);
    await link();
    const now = Date.now();
    for (let round = 1; round <= 2; round += 1) {
      // Shortly before it expires.
      jest.spyOn(Date, 'now').mockImplementation(() => now + round * 45_000);
      expect(await Promise.all(Array.from({ length: 10 }, () => contactsOf()))).toEqual(Array(10).fill('alice'));
      expect(parties.partner.grants).toEqual(['authorization_code', ...Array<string>(round).fill('refresh_token')]);
    }
  });
});

describe('while the partner cannot be had', () => {
  test.each([
    ['fails', 503],
    ['asks to be left alone', 429],
  ])(
    'a token is used to its last two seconds, and the partner that %s is asked once in five',
    async (_what, status) => {
      lifetime(60);
      await link();
      const now = Date.now();
      const passed = (seconds: number) => jest.spyOn(Date, 'now').mockImplementation(() => now + seconds * 1000);
      parties.partner.breakDown(status, '{}');
      const asked = () => parties.partner.requests.filter((path) => path === '/token').length;
      const before = asked();
      for (const seconds of [40, 41, 42]) {
        passed(seconds);
        expect(await contactsOf()).toBe('alice');
      }
      expect(asked()).toBe(before + 1);
      passed(57);
      expect(await contactsOf()).toBe('alice');
      passed(59);
      expect((await server.call('alice')).result?.isError).toBe(true);
      expect(server.log.text).toContain('No new tokens for crm can be had');
      parties.partner.mend();
      expect(await contactsOf()).toBe('alice');
      expect(server.log.text).toContain('New tokens for crm can be had');
    },
  );
});

describe('a token that the API refuses', () => {
  test('is refreshed, and the call goes through', async () => {
    await link();
    parties.refusals = 1;
    expect(await contactsOf()).toBe('alice');
    expect(parties.partner.grants).toEqual(['authorization_code', 'refresh_token']);
    expect(await contactsOf()).toBe('alice');
    expect(parties.partner.grants).toHaveLength(2);
  });
});

describe('where there is nothing to refresh with any more', () => {
  test('the user is asked to link the account again', async () => {
    await link();
    await parties.partner.forgetGrants();
    parties.refusals = 1;
    const { result } = await server.call('alice');
    expect(result?.inputRequests?.page).toBeDefined();
    expect((await server.call('alice')).result?.inputRequests?.page).toBeDefined();
    await link();
    expect(await contactsOf()).toBe('alice');
  });

  test.each([
    ['the user has to sign in there again', 400, 'interaction_required'],
    ['the user has to consent there again', 400, 'consent_required'],
    ['it is bad, in words of its own, with 200', 200, 'bad_refresh_token'],
  ])('nor where the partner says that %s', async (_name, status, error) => {
    await link();
    parties.partner.breakDown(status, JSON.stringify({ error }));
    parties.refusals = 1;
    expect((await server.call('alice')).result?.inputRequests?.page).toBeDefined();
    parties.partner.mend();
    await link();
    expect(await contactsOf()).toBe('alice');
  });

  test('nor where there never was anything', async () => {
    const browser = new Browser('alice');
    const { url } = await browser.visit(await server.pageFor('alice'), ({ href }) =>
      href.includes('/link/callback/crm?'),
    );
    const body = { access_token: 'a-token-of-the-partner-0123456789', token_type: 'Bearer', expires_in: 60 };
    parties.partner.breakDown(200, JSON.stringify(body));
    expect((await browser.visit(url)).status).toBe(200);
    await server.call('alice');
    expect(parties.seen).toContain(body.access_token);
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + 45_000);
    expect((await server.call('alice')).result?.inputRequests?.page).toBeDefined();
  });
});

describe('a partner whose authorization server', () => {
  test.each<[string, number, string]>([
    ['fails', 503, '{}'],
    ['answers what is no JSON', 200, '<html>'],
  ])('%s does not make the account unlinked', async (_name, status, body) => {
    await link();
    parties.partner.breakDown(status, body);
    parties.refusals = 1;
    const { result, challenge } = await server.call('alice');
    expect(result?.isError).toBe(true);
    expect(result?.inputRequests).toBeUndefined();
    expect(challenge).toBeNull();
    parties.partner.mend();
    expect(await contactsOf()).toBe('alice');
  });

  test('no longer accepts the server’s own credentials is the operator’s to mend', async () => {
    await link();
    await parties.partner.register({
      id: 'mcp-at-partner',
      secret: 'another-secret-than-before',
      redirectUri: `${server.resource}/link/callback/crm`,
    });
    parties.refusals = 1;
    const { result } = await server.call('alice');
    expect(result?.isError).toBe(true);
    expect(result?.content?.[0]?.text).toContain('Tell its operator');
    const health = await server.get(McpAuthHealthIndicator).check();
    expect(health['mcp-auth'].downstreams).toEqual({ crm: { status: 'down', code: 'client_rejected' } });
    expect(server.log.text).toContain('client_rejected');
    await parties.partner.register({
      id: 'mcp-at-partner',
      secret: 'mcp-at-partner-secret',
      redirectUri: `${server.resource}/link/callback/crm`,
    });
    parties.refusals = 1;
    expect(await contactsOf()).toBe('alice');
    expect((await server.get(McpAuthHealthIndicator).check())['mcp-auth'].status).toBe('up');
  });
});

describe('an account that changes while it is refreshed', () => {
  test('is what the user has linked it to since', async () => {
    const again = await server.pageFor('alice');
    await link();
    const browser = new Browser('alice');
    const atPartner = await browser.visit(again, (url) => url.origin === parties.partner.issuer);
    const back = await new Browser('bob').visit(atPartner.url, ({ href }) => href.startsWith(server.resource));
    const { arrived, release } = parties.partner.hold();
    parties.refusals = 1;
    const call = contactsOf();
    await arrived;
    const visit = browser.visit(back.url);
    await parties.partner.granted('authorization_code');
    release();
    expect((await visit).status).toBe(200);
    await call;
    expect(await contactsOf()).toBe('bob');
  });

  test('is not there any more where it was unlinked since', async () => {
    await link();
    const { arrived, release } = parties.partner.hold();
    parties.refusals = 1;
    const call = server.call('alice');
    await arrived;
    const unlinking = server.accounts.unlink({ issuer: parties.enterprise.issuer, subject: 'alice' }, 'crm');
    release();
    expect(await unlinking).toBe(true);
    await call;
    expect((await server.call('alice')).result?.inputRequests?.page).toBeDefined();
  });
});

describe('unlink', () => {
  test('forgets the account, and makes its tokens void at the partner', async () => {
    await link();
    const user = { issuer: parties.enterprise.issuer, subject: 'alice' };
    expect(await server.accounts.unlink(user, 'crm')).toBe(true);
    expect(parties.partner.requests.filter((path) => path === '/token/revocation')).toHaveLength(2);
    expect(await server.accounts.unlink(user, 'crm')).toBe(false);
    expect((await server.call('alice')).result?.inputRequests?.page).toBeDefined();
  });

  test('forgets it even where the partner does not answer', async () => {
    await link();
    parties.partner.breakDown(500, '');
    expect(await server.accounts.unlink({ issuer: parties.enterprise.issuer, subject: 'alice' }, 'crm')).toBe(true);
    expect(server.log.text).toContain('its tokens are still valid there');
    parties.partner.mend();
    expect((await server.call('alice')).result?.inputRequests?.page).toBeDefined();
  });

  test('is refused where there are no linked accounts', async () => {
    await expect(server.accounts.unlink({ issuer: 'x', subject: 'y' }, 'erp')).rejects.toMatchObject({
      code: 'downstream_not_declared',
    });
  });
});
