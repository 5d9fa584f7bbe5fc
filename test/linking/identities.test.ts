import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { IssuerOptions, McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { Browser } from './browser.js';
import { Parties, type LinkedServer } from './linked-server.js';

let parties: Parties;

beforeEach(async () => {
  parties = await Parties.start();
});
afterEach(() => parties.close());

/** A server that knows users of ID tokens by another `sub` than those of access tokens. */
async function serve(
  linking?: NonNullable<McpAuthModuleOptions['linking']>,
  subject?: NonNullable<IssuerOptions['claims']>['subject'],
): Promise<LinkedServer> {
  const issuers = [{ issuer: parties.enterprise.issuer, ...(subject && { claims: { subject } }) }];
  const server = await parties.serve({ options: { issuers, ...(linking && { linking }) } });
  await parties.enterprise.register({
    id: 'mcp-server',
    secret: 'mcp-server-secret',
    redirectUri: `${server.resource}/link/callback`,
    isPairwise: true,
  });
  return server;
}

describe('where `sub` of ID tokens is another than that of access tokens', () => {
  const claims = { accessToken: 'uid', idToken: 'sub' };

  test('the claims that are named tell that it is the same user', async () => {
    const server = await serve({ subjectClaim: claims });
    expect((await new Browser('alice').visit(await server.pageFor('alice'))).status).toBe(200);
    expect((await server.call('alice')).result?.structuredContent?.of).toBe('alice');
    // The account is that of the access token's subject all the same.
    expect(await server.accounts.unlink({ issuer: parties.enterprise.issuer, subject: 'alice' }, 'crm')).toBe(true);
  });

  test('and that it is another', async () => {
    const server = await serve({ subjectClaim: claims });
    expect((await new Browser('bob').visit(await server.pageFor('alice'))).status).toBe(403);
    expect((await server.call('alice')).result?.inputRequests?.page).toBeDefined();
  });

  test('nobody is taken for the same user without them', async () => {
    const server = await serve();
    expect((await new Browser('alice').visit(await server.pageFor('alice'))).status).toBe(403);
  });

  test('nor with a claim that ID tokens do not have', async () => {
    const server = await serve({ subjectClaim: 'uid' });
    expect((await new Browser('alice').visit(await server.pageFor('alice'))).status).toBe(403);
  });
});

describe('where `claims.subject` of the issuer says who a user is', () => {
  const subject = (claims: Readonly<Record<string, unknown>>) => String(claims.uid ?? claims.sub);

  test('it says so of both tokens', async () => {
    const server = await serve(undefined, subject);
    expect((await new Browser('alice').visit(await server.pageFor('alice'))).status).toBe(200);
    expect((await server.call('alice')).result?.structuredContent?.of).toBe('alice');
    const owner = { issuer: parties.enterprise.issuer, subject: 'identifier-of-alice' };
    expect(await server.accounts.unlink(owner, 'crm')).toBe(true);
  });

  test('and who another is', async () => {
    const server = await serve(undefined, subject);
    expect((await new Browser('bob').visit(await server.pageFor('alice'))).status).toBe(403);
    expect(server.log.text).toMatch(/now `claims\.subject of the issuer`/);
  });

  test('`linking.subjectClaim` says otherwise', async () => {
    const server = await serve({ subjectClaim: { accessToken: 'uid', idToken: 'sub' } }, 'sub');
    expect((await new Browser('alice').visit(await server.pageFor('alice'))).status).toBe(200);
  });

  test('a claim that ID tokens do not have is named to the operator', async () => {
    const server = await serve(undefined, 'uid');
    expect((await new Browser('alice').visit(await server.pageFor('alice'))).status).toBe(403);
    expect(server.log.text).toMatch(
      /Have the provider write `uid` into ID tokens\. `linking\.subjectClaim` has to name/,
    );
  });
});

test('a user whom the access token does not name is asked for nothing: the operator has to see to it', async () => {
  const server = await serve({ subjectClaim: 'oid' });
  const { result } = await server.call('alice');
  expect(result?.inputRequests).toBeUndefined();
  expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('Tell its operator') }] });
  expect(server.log.text).toMatch(/error .*its token does not name its user/);
});
