import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Browser } from './browser.js';
import { Parties, type LinkedServer } from './linked-server.js';

let parties: Parties;
let server: LinkedServer;

afterEach(() => parties.close());

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  beforeEach(async () => {
    parties = await Parties.start();
    server = await parties.serve({ platform });
  });

  test('a user links an account in a browser, once, and the tool works from then on', async () => {
    const page = await server.pageFor('alice');
    expect(page).toMatch(new RegExp(`^${server.resource}/link/[A-Za-z0-9_-]{43}$`));
    const linked = await new Browser('alice').visit(page);
    expect(linked).toMatchObject({ status: 200 });
    expect(linked.html).toContain('Your Partner &#60;CRM&#62; account is linked');
    for (let count = 0; count < 2; count += 1) {
      const { result } = await server.call('alice');
      expect(result?.structuredContent).toEqual({ of: 'alice', scope: 'contacts:read' });
    }
    expect(parties.partner.grants).toEqual(['authorization_code']);
  });

  test('the account may be of another name there', async () => {
    const page = await server.pageFor('alice');
    const browser = new Browser('alice');
    // Signs in as alice at the enterprise, and as bob at the partner.
    const atPartner = await browser.visit(page, (url) => url.origin === parties.partner.issuer);
    const asBob = new Browser('bob');
    const back = await asBob.visit(atPartner.url, (url) => url.href.startsWith(server.resource));
    const linked = await browser.visit(back.url);
    expect(linked.status).toBe(200);
    expect((await server.call('alice')).result?.structuredContent).toMatchObject({ of: 'bob' });
  });

  test('no page may be framed, kept or told on, nor runs anything', async () => {
    const { headers, html } = await new Browser('alice').visit(await server.pageFor('alice'));
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'content-type': 'text/html; charset=utf-8',
    });
    expect(html).not.toMatch(/<script|<form|<a |alice/);
  });
});
