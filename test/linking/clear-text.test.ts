import dns from 'node:dns';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Browser } from './browser.js';
import { Parties } from './linked-server.js';

/** Names of a network of containers. */
const INSIDE = ['id.internal', 'partner.internal'] as const;
const { lookup } = dns;

beforeAll(() => {
  const resolve = (name: string, ...rest: unknown[]) => {
    const isInside = INSIDE.some((one) => one === name);
    (lookup as (...all: unknown[]) => void)(isInside ? '127.0.0.1' : name, ...rest);
  };
  dns.lookup = resolve as typeof dns.lookup;
});
afterAll(() => {
  dns.lookup = lookup;
});

let parties: Parties;

beforeEach(async () => {
  parties = await Parties.start(INSIDE);
});
afterEach(() => parties.close());

const word = { acceptClearText: true };

test.each(['discovered', 'given'])(
  'accounts are linked, refreshed and revoked in clear text inside a network, by endpoints that are %s',
  async (endpoints) => {
    const { issuer } = parties.partner;
    const given = {
      issuer,
      authorizationEndpoint: `${issuer}/auth`,
      tokenEndpoint: `${issuer}/token`,
      revocationEndpoint: `${issuer}/token/revocation`,
    };
    const server = await parties.serve({
      linked: { ...(endpoints === 'given' && given), ...word },
      options: { issuers: [{ issuer: parties.enterprise.issuer, ...word }] },
    });
    expect((await new Browser('alice').visit(await server.pageFor('alice'))).status).toBe(200);
    parties.refuseSeen();
    expect((await server.call('alice')).result?.structuredContent?.of).toBe('alice');
    parties.refuseSeen();
    expect((await server.call('alice')).result?.structuredContent?.of).toBe('alice');
    expect(parties.partner.grants).toEqual(['authorization_code', 'refresh_token']);
    expect(await server.accounts.unlink({ issuer: parties.enterprise.issuer, subject: 'alice' }, 'crm')).toBe(true);
    expect(parties.partner.requests).toContain('/token/revocation');
  },
);
