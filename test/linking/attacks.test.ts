import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Browser } from './browser.js';
import { Parties, type LinkedServer } from './linked-server.js';

let parties: Parties;
let server: LinkedServer;

beforeAll(async () => {
  parties = await Parties.start();
  server = await parties.serve();
});
afterEach(async () => {
  jest.restoreAllMocks();
  for (const subject of ['alice', 'bob'])
    await server.accounts.unlink({ issuer: parties.enterprise.issuer, subject }, 'crm');
  expect(server.log.text).not.toMatch(/\bcode=|state=/);
});
afterAll(() => parties.close());

const isOurs = (path: string) => (url: URL) => url.href.startsWith(`${server.resource}${path}?`);

/** Nobody has an account, whatever was tried. */
async function expectNothingLinked(): Promise<void> {
  for (const user of ['alice', 'bob']) {
    expect((await server.call(user)).result?.inputRequests?.page).toBeDefined();
  }
}

describe('the page is for the user whose call asked for it', () => {
  test('whoever else opens it is refused, nothing is linked, and the link was used already', async () => {
    const page = await server.pageFor('alice');
    const refused = await new Browser('bob').visit(page);
    expect(refused).toMatchObject({ status: 403 });
    expect(refused.html).toContain('is for another user');
    expect((await new Browser('alice').visit(page)).status).toBe(404);
    await expectNothingLinked();
  });

  test('a link that an attacker has begun does not link the attacker’s account to the victim', async () => {
    const page = await server.pageFor('alice');
    const attacker = new Browser('bob');
    const answer = await attacker.visit(page, isOurs('/link/callback'));
    // The victim is made to open what the attacker got.
    expect((await new Browser('alice').visit(answer.url)).status).toBe(403);
    await expectNothingLinked();
  });

  test('an account that an attacker has authorized does not become the victim’s', async () => {
    const page = await server.pageFor('bob');
    const attacker = new Browser('bob');
    const answer = await attacker.visit(page, isOurs('/link/callback/crm'));
    const victim = new Browser('alice');
    const refused = await victim.visit(answer.url);
    expect(refused.status).toBe(403);
    expect(refused.html).toContain('another browser');
    await expectNothingLinked();
  });

  test('whoever looks at the link first, such as a program that checks links, does no harm', async () => {
    const page = await server.pageFor('alice');
    for (let count = 0; count < 3; count += 1) await fetch(page, { redirect: 'manual' });
    expect((await new Browser('alice').visit(page)).status).toBe(200);
  });
});

describe('what was used is used up', () => {
  test('a link', async () => {
    const page = await server.pageFor('alice');
    const browser = new Browser('alice');
    expect((await browser.visit(page)).status).toBe(200);
    expect((await browser.visit(page)).status).toBe(404);
  });

  test.each(['/link/callback', '/link/callback/crm'])('an answer that came to %s', async (path) => {
    const browser = new Browser('alice');
    const { url } = await browser.visit(await server.pageFor('alice'), isOurs(path));
    expect((await browser.visit(url)).status).toBe(200);
    expect((await browser.visit(url)).status).toBe(404);
  });

  test('a link after ten minutes', async () => {
    const page = await server.pageFor('alice');
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + 10 * 60_000 + 1);
    const { status, html } = await new Browser('alice').visit(page);
    expect(status).toBe(404);
    expect(html).toContain('no longer valid');
  });

  test('two links of one user: each is good but once', async () => {
    const [first, second] = [await server.pageFor('alice'), await server.pageFor('alice')];
    expect(first).not.toBe(second);
    for (const page of [first, second]) expect((await new Browser('alice').visit(page)).status).toBe(200);
  });
});

describe('answers that were made up', () => {
  test.each<[string, (url: URL) => void, number]>([
    [
      'no state',
      (url) => {
        url.searchParams.delete('state');
      },
      404,
    ],
    [
      'another state',
      (url) => {
        url.searchParams.set('state', 'x'.repeat(43));
      },
      404,
    ],
    [
      'two states',
      (url) => {
        url.searchParams.append('state', 'x');
      },
      404,
    ],
    [
      'another code',
      (url) => {
        url.searchParams.set('code', 'x'.repeat(43));
      },
      502,
    ],
    [
      'no code',
      (url) => {
        url.searchParams.delete('code');
      },
      502,
    ],
    [
      'the issuer of another server (RFC 9207)',
      (url) => {
        url.searchParams.set('iss', 'https://evil.example');
      },
      502,
    ],
    [
      'no issuer, where the server says that it sends it',
      (url) => {
        url.searchParams.delete('iss');
      },
      502,
    ],
    [
      'an error',
      (url) => {
        url.searchParams.delete('code');
        url.searchParams.set('error', '<script>alert(1)</script>');
      },
      502,
    ],
    [
      'access_denied',
      (url) => {
        url.searchParams.delete('code');
        url.searchParams.set('error', 'access_denied');
      },
      403,
    ],
  ])('%s', async (_name, change, status) => {
    for (const path of ['/link/callback', '/link/callback/crm']) {
      const browser = new Browser('alice');
      const { url } = await browser.visit(await server.pageFor('alice'), isOurs(path));
      change(url);
      const page = await browser.visit(url);
      expect(page.status).toBe(status);
      expect(page.html).not.toContain('<script');
      await expectNothingLinked();
    }
  });

  test('an answer of one server at the redirect URI of the other', async () => {
    for (const [from, to] of [
      ['/link/callback', '/link/callback/crm'],
      ['/link/callback/crm', '/link/callback'],
    ] as const) {
      const browser = new Browser('alice');
      const { url } = await browser.visit(await server.pageFor('alice'), isOurs(from));
      url.pathname = url.pathname.replace(/\/link.*/, to);
      expect((await browser.visit(url)).status).toBe(502);
      await expectNothingLinked();
    }
  });

  test('at a downstream that there is not', async () => {
    const browser = new Browser('alice');
    const { url } = await browser.visit(await server.pageFor('alice'), isOurs('/link/callback/crm'));
    url.pathname = `${url.pathname}x`;
    expect((await browser.visit(url)).status).toBe(502);
    await expectNothingLinked();
  });

  test('the code of another browser, with the cookie of this one', async () => {
    const attacker = new Browser('bob');
    const victim = new Browser('alice');
    const stolen = await attacker.visit(await server.pageFor('bob'), isOurs('/link/callback/crm'));
    const own = await victim.visit(await server.pageFor('alice'), isOurs('/link/callback/crm'));
    own.url.searchParams.set('code', stolen.url.searchParams.get('code') ?? '');
    expect((await victim.visit(own.url)).status).toBe(502);
    await expectNothingLinked();
  });
});

test.each([
  ['nothing', ''],
  ['a letter', 'x'],
  ['a zero byte', '%00'],
  ['as many characters as there are', 'x'.repeat(43)],
  ['many more', 'x'.repeat(5_000)],
  ['markup', '<script>'],
])('there is nothing at a link of %s', async (_name, id) => {
  const response = await fetch(`${server.resource}/link/${encodeURIComponent(id)}`, { redirect: 'manual' });
  expect(response.status).toBe(404);
  expect(await response.text()).not.toContain('<script>');
});

test.each(['POST', 'PUT', 'DELETE'])('%s does nothing', async (method) => {
  const page = await server.pageFor('alice');
  expect((await fetch(page, { method, redirect: 'manual' })).status).toBe(404);
  expect((await new Browser('alice').visit(page)).status).toBe(200);
});

test('the address tells nothing of anybody, and where browsers are sent does not depend on the request', async () => {
  const page = await server.pageFor('alice');
  // Random bytes and nothing else.
  expect(page.replace(server.resource, '')).toMatch(/^\/link\/[\w-]{43}$/);
  expect(page).not.toContain('alice');
  const headers = { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' };
  const response = await fetch(page, { redirect: 'manual', headers });
  const location = new URL(response.headers.get('location') ?? '');
  expect(location.origin).toBe(parties.enterprise.issuer);
  expect(location.searchParams.get('redirect_uri')).toBe(`${server.resource}/link/callback`);
  expect(location.searchParams.get('code_challenge_method')).toBe('S256');
});

test('a user who does not allow it, at either server, is told so', async () => {
  const { status, html } = await new Browser('alice', false).visit(await server.pageFor('alice'));
  expect(status).toBe(403);
  expect(html).toContain('not allowed');
  const browser = new Browser('alice');
  const atPartner = await browser.visit(await server.pageFor('alice'), (url) => url.origin === parties.partner.issuer);
  const back = await new Browser('bob', false).visit(atPartner.url, (url) => url.href.startsWith(server.resource));
  expect((await browser.visit(back.url)).status).toBe(403);
  await expectNothingLinked();
});

test('users never get each other’s accounts', async () => {
  await new Browser('alice').visit(await server.pageFor('alice'));
  expect((await server.call('bob')).result?.inputRequests?.page).toBeDefined();
  await new Browser('bob').visit(await server.pageFor('bob'));
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const user = index % 2 === 0 ? 'alice' : 'bob';
      return [user, (await server.call(user)).result?.structuredContent?.of];
    }),
  );
  for (const [user, of] of answers) expect(of).toBe(user);
});
