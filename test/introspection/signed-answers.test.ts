import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeyPair, SignJWT } from 'jose';
import { sendJson } from '../support/test-issuer.js';
import { IntrospectingServer } from './introspecting-server.js';

const TYPE = 'application/token-introspection+jwt';

let server: IntrospectingServer;

beforeAll(async () => {
  server = await IntrospectingServer.start({ introspection: { signedResponse: 'ES256' } });
});
afterEach(async () => {
  answerSigned();
  expect(await server.status()).toBe(200);
});
afterAll(() => server.close());

interface SignedAnswer {
  readonly claims?: () => Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly type?: string;
  readonly sign?: (jwt: SignJWT) => Promise<string>;
}

/** Answers as RFC 9701 section 5 has it, or nearly. */
function answerSigned({ claims, header, type = TYPE, sign }: SignedAnswer = {}): void {
  server.answer = async (response) => {
    const { issuer } = server;
    const jwt = new SignJWT({
      iss: issuer.issuer,
      aud: 'mcp-server',
      iat: Math.floor(Date.now() / 1000),
      token_introspection: server.active(),
      ...claims?.(),
    }).setProtectedHeader({ alg: 'ES256', kid: issuer.keys[0]?.kid ?? '', typ: 'token-introspection+jwt', ...header });
    const body = await (sign ?? ((one) => one.sign(issuer.keys[0]?.privateKey as CryptoKey)))(jwt);
    response.writeHead(200, { 'content-type': type }).end(body);
  };
}

test('RFC 9701 section 4: a signed answer is asked for, and believed', async () => {
  answerSigned();
  expect(await server.caller()).toMatchObject({ subject: 'alice', scopes: ['orders:read'] });
  expect(server.asked[0]?.accept).toBe(TYPE);
});

test('one that says that the token is not active refuses it', async () => {
  answerSigned({ claims: () => ({ token_introspection: { active: false } }) });
  expect(await server.status()).toBe(401);
});

describe('an answer lets nobody in that is', () => {
  test.each<[string, SignedAnswer]>([
    ['of another type', { header: { typ: 'JWT' } }],
    ['of no type', { header: { typ: undefined } }],
    ['a JWT in a JWT', { header: { cty: 'JWT' } }],
    ['with a key of its own', { header: { jwk: {} } }],
    ['with the address of its key', { header: { jku: 'https://id.example/jwks' } }],
    ['with a key id that is not a string', { header: { kid: 7 } }],
    [
      'in another spelling of base64url',
      { sign: async (jwt) => `${await jwt.sign(server.issuer.keys[0]?.privateKey as CryptoKey)}=` },
    ],
    ['called JSON', { type: 'application/json' }],
    ['called a JWT', { type: 'application/jwt' }],
    ['for another server', { claims: () => ({ aud: 'other-server' }) }],
    ['for no server', { claims: () => ({ aud: undefined }) }],
    ['of another issuer', { claims: () => ({ iss: 'https://other.example' }) }],
    ['of no issuer', { claims: () => ({ iss: undefined }) }],
    ['without the token', { claims: () => ({ token_introspection: undefined }) }],
    ['of a token that is a list', { claims: () => ({ token_introspection: [] }) }],
    ['without saying whether it is active', { claims: () => ({ token_introspection: { sub: 'alice' } }) }],
    ['an access token', { header: { typ: 'at+jwt' } }],
    ['signed with another key', { sign: async (jwt) => await jwt.sign((await generateKeyPair('ES256')).privateKey) }],
    ['signed with an unknown key', { header: { kid: 'unknown' } }],
    [
      'signed with a secret',
      { header: { alg: 'HS256' }, sign: async (jwt) => await jwt.sign(Buffer.from('mcp-server-secret'.padEnd(32))) },
    ],
    [
      'signed with another algorithm than was agreed',
      {
        header: { alg: 'ES384', kid: undefined },
        sign: async (jwt) => await jwt.sign((await server.issuer.addKey('ES384')).privateKey),
      },
    ],
    [
      'changed afterwards',
      {
        sign: async (jwt) => {
          const [header = '', , signature = ''] = (
            await jwt.sign(server.issuer.keys[0]?.privateKey as CryptoKey)
          ).split('.');
          const claims = { iss: server.issuer.issuer, aud: 'mcp-server', iat: 1, token_introspection: server.active() };
          return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
        },
      },
    ],
    [
      'not signed',
      {
        sign: () => {
          const claims = { iss: server.issuer.issuer, aud: 'mcp-server', iat: 1, token_introspection: server.active() };
          const parts = [{ alg: 'none', typ: 'token-introspection+jwt' }, claims];
          return Promise.resolve(
            `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`,
          );
        },
      },
    ],
  ])('%s', async (_name, answer) => {
    answerSigned(answer);
    expect(await server.status()).toBe(503);
  });

  test('plain, as an attacker on the way could make it', async () => {
    server.answer = (response) => {
      sendJson(response, 200, server.active());
    };
    expect(await server.status()).toBe(503);
  });
});
