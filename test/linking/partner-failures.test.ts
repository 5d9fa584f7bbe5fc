import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { McpAuthHealthIndicator, type AuditEvent } from 'nestjs-mcp-auth';
import { TIME, UUID } from '../observability/audited-server.js';
import { Browser, type Visited } from './browser.js';
import { Parties, type LinkedServer } from './linked-server.js';

let parties: Parties;
let server: LinkedServer;
const events: AuditEvent[] = [];

beforeAll(async () => {
  parties = await Parties.start();
  server = await parties.serve({
    options: { observability: { auditSink: { record: (event: AuditEvent) => void events.push(event) } } },
  });
});
afterEach(async () => {
  parties.partner.mend();
  parties.enterprise.mend();
  await server.accounts.unlink({ issuer: parties.enterprise.issuer, subject: 'alice' }, 'crm');
  events.length = 0;
});
afterAll(() => parties.close());

const isOurs = (path: string) => (url: URL) => url.href.startsWith(`${server.resource}${path}?`);

/** As far as the page that redeems the partner's code, which comes about as a test wants it. */
async function redeem(breakDown: () => void, change: (url: URL) => void = () => undefined): Promise<Visited> {
  const browser = new Browser('alice');
  const { url } = await browser.visit(await server.pageFor('alice'), isOurs('/link/callback/crm'));
  change(url);
  breakDown();
  const page = await browser.visit(url);
  parties.partner.mend();
  return page;
}

async function isLinked(): Promise<boolean> {
  return (await server.call('alice')).result?.inputRequests === undefined;
}

const about = (type: string) => events.filter((event) => event.type === type);

const TOKEN = { access_token: 'a-token-of-the-partner-0123456789', token_type: 'Bearer' };

describe('an authorization server of the API that', () => {
  test.each<[string, () => void, number]>([
    [
      'hangs up',
      () => {
        parties.partner.vanish();
      },
      503,
    ],
    [
      'is down',
      () => {
        parties.partner.breakDown(503, '{}');
      },
      503,
    ],
    [
      'fails with a page',
      () => {
        parties.partner.breakDown(500, '<html>oops</html>', 'text/html');
      },
      503,
    ],
    [
      'is asked too often',
      () => {
        parties.partner.breakDown(429, '{"error":"slow_down"}');
      },
      503,
    ],
    [
      'answers with a page',
      () => {
        parties.partner.breakDown(200, '<html>hello</html>', 'text/html');
      },
      502,
    ],
    [
      'says that a page is JSON',
      () => {
        parties.partner.breakDown(200, '<html>hello</html>');
      },
      502,
    ],
    [
      'answers with a token in no form that there is',
      () => {
        parties.partner.breakDown(200, `${TOKEN.access_token}&`);
      },
      502,
    ],
    [
      'redirects',
      () => {
        parties.partner.breakDown(302, '');
      },
      502,
    ],
    [
      'answers with nothing',
      () => {
        parties.partner.breakDown(200, '{}');
      },
      502,
    ],
    [
      'answers with a list',
      () => {
        parties.partner.breakDown(200, '[]');
      },
      502,
    ],
    [
      'does not say of what type a token is',
      () => {
        parties.partner.breakDown(200, JSON.stringify({ access_token: 'x' }));
      },
      502,
    ],
    [
      'binds the token to a key that nobody has',
      () => {
        parties.partner.breakDown(200, JSON.stringify({ ...TOKEN, token_type: 'DPoP' }));
      },
      502,
    ],
    [
      'gives a token that fits in no header',
      () => {
        parties.partner.breakDown(200, JSON.stringify({ ...TOKEN, access_token: 'a\r\nb' }));
      },
      502,
    ],
    [
      'says with 200 that it failed',
      () => {
        parties.partner.breakDown(200, '{"error":"bad_verification_code"}');
      },
      502,
    ],
  ])('%s links nothing', async (_name, breakDown, status) => {
    const page = await redeem(breakDown);
    expect(page.status).toBe(status);
    expect(page.html).toContain('Go back to your assistant');
    expect(await isLinked()).toBe(false);
    expect(about('account_link_refused')).toHaveLength(1);
    expect(about('account_linked')).toHaveLength(0);
  });

  test('is mended links accounts again', async () => {
    await redeem(() => {
      parties.partner.breakDown(503, '{}');
    });
    expect((await new Browser('alice').visit(await server.pageFor('alice'))).status).toBe(200);
    expect(await isLinked()).toBe(true);
  });

  test.each([['0'], ['-5'], ['1e30'], ['"3600"'], ['null']])('says expires_in %s still gives a token', async (life) => {
    let body = '';
    const page = await redeem(() => {
      body = JSON.stringify({ ...TOKEN, refresh_token: 'r', scope: null }).replace(/}$/, `,"expires_in":${life}}`);
      parties.partner.breakDown(200, body);
    });
    expect(page.status).toBe(200);
    const grants = parties.partner.grants.length;
    await server.call('alice');
    expect(parties.seen).toContain(TOKEN.access_token);
    expect(parties.partner.grants).toHaveLength(grants);
  });
});

test('an issuer that is down when the user comes back links nothing', async () => {
  const browser = new Browser('alice');
  const { url } = await browser.visit(await server.pageFor('alice'), isOurs('/link/callback'));
  parties.enterprise.breakDown(503, '{}');
  expect((await browser.visit(url)).status).toBe(503);
  expect(await isLinked()).toBe(false);
});

describe('health', () => {
  const healthOf = async () => (await server.get(McpAuthHealthIndicator).check())['mcp-auth'].downstreams?.crm;

  async function register(secret: string): Promise<void> {
    const redirectUri = `${server.resource}/link/callback/crm`;
    await parties.partner.register({ id: 'mcp-at-partner', secret, redirectUri });
  }

  test.each<[string, (url: URL) => void]>([
    [
      'another code',
      (url) => {
        url.searchParams.set('code', 'x'.repeat(43));
      },
    ],
    [
      'a code of markup',
      (url) => {
        url.searchParams.set('code', '<script>');
      },
    ],
    [
      'no code',
      (url) => {
        url.searchParams.delete('code');
      },
    ],
    [
      'another issuer',
      (url) => {
        url.searchParams.set('iss', 'https://evil.example');
      },
    ],
    [
      'the error unauthorized_client',
      (url) => {
        url.searchParams.delete('code');
        url.searchParams.set('error', 'unauthorized_client');
      },
    ],
    [
      'the error invalid_client',
      (url) => {
        url.searchParams.delete('code');
        url.searchParams.set('error', 'invalid_client');
      },
    ],
    [
      'an ID token',
      (url) => {
        url.searchParams.set('id_token', 'x');
      },
    ],
    [
      'an encrypted answer',
      (url) => {
        url.searchParams.set('response', 'x');
      },
    ],
  ])('is no matter of what a browser brings: %s', async (_name, change) => {
    const before = server.log.lines.length;
    expect((await redeem(() => undefined, change)).status).toBe(502);
    expect(await healthOf()).toEqual({ status: 'up' });
    expect(server.log.lines.slice(before).filter((line) => line.startsWith('error'))).toEqual([]);
  });

  test.each([
    ['as the standard says', 400, 'invalid_grant'],
    ['in words of its own', 400, 'bad_verification_code'],
    ['in words of its own, with 200', 200, 'bad_verification_code'],
    ['as a bad request', 400, 'invalid_request'],
  ])('is no matter of a code that is refused %s', async (_name, status, error) => {
    await redeem(() => {
      parties.partner.breakDown(status, JSON.stringify({ error }));
    });
    expect(await healthOf()).toEqual({ status: 'up' });
  });

  test('is down while the partner does not accept the server’s own credentials, and up when somebody has linked an account', async () => {
    await register('another-secret-than-before');
    const { lines } = server.log;
    const before = lines.length;
    const page = await redeem(() => undefined);
    expect(page.status).toBe(502);
    expect(await healthOf()).toEqual({ status: 'down', code: 'client_rejected' });
    expect(lines.slice(before).filter((line) => line.startsWith('error'))).toEqual([
      expect.stringMatching(/^error No account was linked at crm: client_rejected, status 401/),
    ]);
    await register('mcp-at-partner-secret');
    expect((await new Browser('alice').visit(await server.pageFor('alice'))).status).toBe(200);
    expect(await healthOf()).toEqual({ status: 'up' });
  });
});

describe('the audit trail', () => {
  const caller = () => ({ issuer: parties.enterprise.issuer, subject: 'alice', clientId: undefined, appOnly: false });

  test('tells of accounts that are linked and unlinked, without their tokens', async () => {
    await new Browser('alice').visit(await server.pageFor('alice'));
    await server.accounts.unlink({ issuer: parties.enterprise.issuer, subject: 'alice' }, 'crm');
    for (const type of ['account_linked', 'account_unlinked']) {
      expect(about(type)).toEqual([
        {
          type,
          downstream: 'crm',
          caller: caller(),
          resource: server.resource,
          time: expect.stringMatching(TIME),
          correlationId: expect.stringMatching(UUID),
        },
      ]);
    }
  });

  test('tells of another user who opened the link, and of whose it was', async () => {
    await new Browser('bob').visit(await server.pageFor('alice'));
    expect(about('account_link_refused')).toMatchObject([
      { downstream: 'crm', caller: caller(), reason: 'another user opened the link' },
    ]);
  });

  test('tells nothing of links that nobody asked for, nor does the log warn of them', async () => {
    const before = server.log.lines.length;
    for (const path of ['unknown', 'callback?state=x&code=y', 'callback/crm?state=x&code=y']) {
      expect((await fetch(`${server.resource}/link/${path}`)).status).toBe(404);
    }
    expect(events).toEqual([]);
    expect(server.log.lines.slice(before).filter((line) => !line.startsWith('debug'))).toEqual([]);
  });
});

// Last, because loggers are one for all servers of a process.
test('an authorization server that is gone before the user is sent there is told of as what passes', async () => {
  const away = await Parties.start();
  const other = await away.serve();
  const page = await other.pageFor('alice');
  away.partner.vanish();
  expect((await new Browser('alice').visit(page)).status).toBe(503);
  away.enterprise.vanish();
  expect((await fetch(await other.pageFor('alice'), { redirect: 'manual' })).status).toBe(303);
  await away.close();
});
