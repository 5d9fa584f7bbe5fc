import { describe, expect, jest, test } from '@jest/globals';
import { attackedServer, describeTokens, expectVerdict, REFUSED } from './attacked-server.js';
import { startProtectedServer } from '../support/protected-server.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';
import { ProofClient } from '../proof/proof-client.js';

const attacked = attackedServer();

const LOGOUT = 'http://schemas.openid.net/event/backchannel-logout';
const REVOKED = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked';

describe('tokens of an authorization server that nobody configured', () => {
  describeTokens(attacked, [
    ['for this server', (forge) => attacked().stranger.token({ aud: forge.resource })],
    ['in the name of the issuer', (forge) => attacked().stranger.token({ aud: forge.resource, iss: forge.issuer })],
    [
      'in its name, with the id of its key',
      (forge) => attacked().stranger.token({ aud: forge.resource, iss: forge.issuer }, { kid: forge.ec.kid }),
    ],
    [
      'in the names of both',
      (forge) => attacked().stranger.token({ aud: forge.resource, iss: [forge.issuer, attacked().stranger.issuer] }),
    ],
    [
      'with itself for a tenant',
      (forge) => attacked().stranger.token({ aud: forge.resource, tid: attacked().stranger.issuer }),
    ],
    ['with all scopes', (forge) => attacked().stranger.token({ aud: forge.resource, scope: 'admin openid *' })],
  ]);
});

describe('tokens that the issuer made for something else', () => {
  describeTokens(attacked, [
    ['for an API behind this server', (forge) => forge.token({ aud: 'orders-api' })],
    ['for another MCP server', (forge) => forge.token({ aud: 'https://other.example/mcp' })],
    ['for its own userinfo', (forge) => forge.token({ aud: `${forge.issuer}/userinfo` })],
    [
      'for its introspection: a signed answer',
      (forge) => forge.token({ token_introspection: { active: true } }, { typ: 'token-introspection+jwt' }),
    ],
    ['an ID token', (forge) => forge.token({ aud: 'client', nonce: 'n', at_hash: 'h', auth_time: 1 }, { typ: 'JWT' })],
    [
      'an ID token for a client that is called like this server',
      (forge) => forge.token({ nonce: 'n' }, { typ: 'JWT' }),
    ],
    ['a refresh token', (forge) => forge.token({ typ: 'Refresh', aud: forge.issuer }, { typ: 'JWT' })],
    ['a logout token', (forge) => forge.token({ events: {} }, { typ: 'logout+jwt' })],
    ['an identity assertion for this server', (forge) => forge.token({}, { typ: 'oauth-id-jag+jwt' })],
    ['a client assertion', (forge) => forge.token({ iss: 'client', sub: 'client' }, { typ: 'JWT' })],
    ['a request object', (forge) => forge.token({ response_type: 'code' }, { typ: 'oauth-authz-req+jwt' })],
    ['a signed userinfo', (forge) => forge.token({ exp: undefined, email: 'alice@acme.example' }, { typ: 'JWT' })],
    ['a status list', (forge) => forge.token({ status_list: {} }, { typ: 'statuslist+jwt' })],
    ['a DPoP proof', async () => (await ProofClient.start()).proof()],
    [
      'a logout token, by its events alone',
      (forge) => forge.token({ events: { [LOGOUT]: {} }, sid: 's' }, { typ: 'JWT' }),
    ],
    ['a security event', (forge) => forge.token({ events: { [REVOKED]: {} }, txn: 't' }, { typ: 'secevent+jwt' })],
    ['a security event, by its events alone', (forge) => forge.token({ events: { [REVOKED]: {} } }, { typ: 'JWT' })],
    ['a registration access token', (forge) => forge.token({ typ: 'RegistrationAccessToken' }, { typ: 'JWT' })],
    ['an initial access token for registration', (forge) => forge.token({ typ: 'InitialAccessToken' }, { typ: 'JWT' })],
    ['a link in a mail', (forge) => forge.token({ typ: 'verify-email', nonce: 'n' }, { typ: 'JWT' })],
    ['an ID token, by token_use', (forge) => forge.token({ token_use: 'id' }, { typ: 'JWT' })],
    ['a refresh token, by token_use', (forge) => forge.token({ token_use: 'refresh' }, { typ: 'JWT' })],
    ['an ID token of a hybrid flow', (forge) => forge.token({ c_hash: 'h' }, { typ: 'JWT' })],
    ['an answer of the authorization endpoint', (forge) => forge.token({ sub: undefined, code: 'c' }, { typ: 'JWT' })],
    ['a client assertion for the issuer', (forge) => forge.token({ iss: 'client', sub: 'client', aud: forge.issuer })],
    [
      'a client assertion, by its type',
      (forge) => forge.token({ sub: 'client' }, { typ: 'client-authentication+jwt' }),
    ],
    ['an attestation of a client', (forge) => forge.token({}, { typ: 'oauth-client-attestation+jwt' })],
    ['a proof for an attestation', (forge) => forge.token({}, { typ: 'oauth-client-attestation-pop+jwt' })],
    ['a transaction token', (forge) => forge.token({ txn: 't', purp: 'p' }, { typ: 'txntoken+jwt' })],
    ['an identity of a workload', (forge) => forge.token({}, { typ: 'wit+jwt' })],
    ['a credential', (forge) => forge.token({ vct: 'x' }, { typ: 'dc+sd-jwt' })],
    ['a key binding of a credential', (forge) => forge.token({ sd_hash: 'h' }, { typ: 'kb+jwt' })],
    ['a software statement', (forge) => forge.token({ software_id: 's', sub: undefined }, { typ: 'JWT' })],
    ['an access token in another JWT', (forge) => forge.signed(forge.header({ cty: 'JWT' }), forge.token())],
    ['an access token in another JWT, which does not say so', (forge) => forge.signed(forge.header(), forge.token())],
    ['metadata', (forge) => forge.token({ sub: forge.issuer }, { typ: 'entity-statement+jwt' })],
  ]);
});

test('an issuer whose metadata points to the keys of another is not believed', async () => {
  const stranger = await TestIssuer.start();
  const server = await startProtectedServer();
  server.issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
    sendJson(response, 200, stranger.metadata());
  });
  const token = await stranger.token({ aud: server.resource, iss: server.issuer.issuer });
  const response = await fetch(server.resource, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(503);
  expect(stranger.requests).toEqual([]);
  await server.close();
  await stranger.close();
});

describe('a token that was good', () => {
  test('is refused once it has expired, though it was verified before', async () => {
    const now = Date.now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(now);
    const token = attacked().forge.token({ exp: Math.floor(now / 1000) + 30 });
    for (const seconds of [0, 34]) {
      clock.mockReturnValue(now + seconds * 1000);
      expectVerdict(await attacked().call(`Bearer ${token}`), [200]);
    }
    attacked().forget();
    clock.mockReturnValue(now + 35_001);
    expectVerdict(await attacked().call(`Bearer ${token}`), REFUSED);
    clock.mockRestore();
  });

  test('does not lend its verification to one that ends alike', async () => {
    const good = attacked().forge.token();
    expectVerdict(await attacked().call(`Bearer ${good}`), [200]);
    attacked().forget();
    const [header, , signature] = good.split('.');
    const claims = Buffer.from(JSON.stringify(attacked().forge.claims({ sub: 'mallory' }))).toString('base64url');
    expectVerdict(await attacked().call(`Bearer ${header}.${claims}.${signature}`), REFUSED);
    expectVerdict(await attacked().call(`Bearer ${good}x`), REFUSED);
    expectVerdict(await attacked().call(`Bearer ${good.slice(0, -1)}`), REFUSED);
  });
});
