import { createHmac, createPublicKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { SignJWT } from 'jose';
import { McpTool } from 'nestjs-mcp-auth';
import { callTool, post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'Says hello', scopes: ['hello'] })
  hello(): string {
    return 'hello';
  }
}

const now = () => Math.floor(Date.now() / 1000);
const segment = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const parts = (token: string) => token.split('.') as [string, string, string];
const decoded = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;

let server: ProtectedServer;
let foreign: TestIssuer;

beforeAll(async () => {
  server = await startProtectedServer({ providers: [Tools] });
  foreign = await TestIssuer.start();
  await server.issuer.addKey('PS256');
  await server.issuer.addKey('RS256');
  await server.issuer.addKey('ES512');
});

afterAll(async () => {
  await foreign.close();
  await server.close();
});

const good = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}) =>
  server.issuer.token({ aud: server.resource, scope: 'hello', ...claims }, header);

describe('good tokens pass', () => {
  test.each<[string, () => Promise<string>]>([
    ['typ at+jwt', () => good()],
    ['typ application/at+jwt', () => good({}, { typ: 'application/at+jwt' })],
    ['typ JWT', () => good({}, { typ: 'JWT' })],
    ['aud among others', () => good({ aud: ['https://other.example', server.resource] })],
    ['scp as an array', () => good({ scope: undefined, scp: ['hello', 'more'] })],
    ['scp as a string', () => good({ scope: undefined, scp: 'hello more' })],
    ['scope as an array', () => good({ scope: ['hello'] })],
    ['nbf in the past', () => good({ nbf: now() - 60 })],
    ['nbf within the clock tolerance', () => good({ nbf: now() + 3 })],
    ...[1, 2, 3].map((index): [string, () => Promise<string>] => [
      `key ${index} of another algorithm`,
      () => server.issuer.token({ aud: server.resource, scope: 'hello' }, {}, server.issuer.keys[index]),
    ]),
  ])('%s', async (_name, token) => {
    expect(textOf(await callTool(server.resource, await token(), 'hello'))).toBe('hello');
  });

  test('whatever the case of the scheme', async () => {
    const response = await post(server.resource, toolCall('hello'), {
      headers: { authorization: `bEARER ${await good()}` },
    });
    expect(response.status).toBe(200);
  });
});

describe('every other token is answered with 401 invalid_token', () => {
  test.each<[string, () => Promise<string> | string]>([
    ['no JWT', () => 'opaque'],
    ['dots alone', () => '..'],
    ['no JSON in it', () => 'a.b.c'],
    [
      'no signature',
      async () =>
        `${parts(await good())
          .slice(0, 2)
          .join('.')}.`,
    ],
    [
      'signature of another token',
      async () => [...parts(await good()).slice(0, 2), parts(await good({ jti: 'x' }))[2]].join('.'),
    ],
    [
      'signature with a bit flipped',
      async () => {
        const [header, claims, signature] = parts(await good());
        const bytes = Buffer.from(signature, 'base64url');
        bytes[0] = (bytes[0] ?? 0) ^ 1;
        return `${header}.${claims}.${bytes.toString('base64url')}`;
      },
    ],
    ...['sub', 'scope', 'aud', 'exp', 'client_id'].map((claim): [string, () => Promise<string>] => [
      `claim ${claim} altered after signing`,
      async () => {
        const [header, claims, signature] = parts(
          await good({ scope: '', exp: now() - 60, aud: 'https://other.example' }),
        );
        const forged = {
          ...decoded(claims),
          scope: 'hello',
          exp: now() + 60,
          aud: server.resource,
          [claim]: claim === 'exp' ? now() + 900 : 'hello',
        };
        return `${header}.${segment(forged)}.${signature}`;
      },
    ]),
    [
      'header altered after signing',
      async () => {
        const [header, claims, signature] = parts(await good());
        return `${segment({ ...decoded(header), extra: 1 })}.${claims}.${signature}`;
      },
    ],
    ['alg none', async () => `${segment({ alg: 'none', typ: 'at+jwt' })}.${parts(await good())[1]}.`],
    ['alg None in another case', async () => `${segment({ alg: 'nOnE', typ: 'at+jwt' })}.${parts(await good())[1]}.`],
    [
      'alg HS256 keyed with the public key',
      async () => {
        const { kid, publicJwk } = server.issuer.keys[0] as TestIssuer['keys'][number];
        const pem = createPublicKey({ key: publicJwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
        const input = `${segment({ alg: 'HS256', typ: 'at+jwt', kid })}.${parts(await good())[1]}`;
        return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`;
      },
    ],
    [
      'another algorithm than the key is for',
      async () => {
        const [header, claims, signature] = parts(await good());
        return `${segment({ ...decoded(header), alg: 'RS512' })}.${claims}.${signature}`;
      },
    ],
    ['kid of another key', () => good({}, { kid: server.issuer.keys[2]?.kid })],
    ['kid unknown', () => good({}, { kid: 'unknown' })],
    ['kid of another type', () => good({}, { kid: 7 })],
    [
      'kid missing where several keys fit none',
      async () => {
        const key = await foreign.addKey('RS256');
        return await server.issuer.token({ aud: server.resource, scope: 'hello' }, { kid: undefined }, key);
      },
    ],
    [
      'key in the header',
      async () => {
        const [key] = foreign.keys;
        return await server.issuer.token(
          { aud: server.resource, scope: 'hello' },
          { kid: undefined, jwk: key?.publicJwk },
          key,
        );
      },
    ],
    [
      'key address in the header',
      () =>
        server.issuer.token(
          { aud: server.resource, scope: 'hello' },
          { jku: `${foreign.origin}/jwks` },
          foreign.keys[0],
        ),
    ],
    [
      'crit in the header',
      () => {
        const { alg, kid, privateKey } = server.issuer.keys[0] as TestIssuer['keys'][number];
        return new SignJWT({
          iss: server.issuer.issuer,
          sub: 'alice',
          aud: server.resource,
          scope: 'hello',
          exp: now() + 60,
        })
          .setProtectedHeader({ alg, kid, typ: 'at+jwt', crit: ['x'], x: 1 })
          .sign(privateKey, { crit: { x: true } });
      },
    ],
    ['typ missing', () => good({}, { typ: undefined })],
    ['typ of an ID-JAG', () => good({}, { typ: 'oauth-id-jag+jwt' })],
    ['typ of a DPoP proof', () => good({}, { typ: 'dpop+jwt' })],
    ['typ of another type', () => good({}, { typ: 7 })],
    ['issuer foreign', () => foreign.token({ aud: server.resource, scope: 'hello' })],
    [
      'issuer foreign that claims to be ours',
      () => foreign.token({ iss: server.issuer.issuer, aud: server.resource, scope: 'hello' }),
    ],
    ['issuer with a slash more', () => good({ iss: `${server.issuer.issuer}/` })],
    ['issuer missing', () => good({ iss: undefined })],
    ['issuer as an array', () => good({ iss: [server.issuer.issuer] })],
    ['audience of another server', () => good({ aud: 'https://other.example/mcp' })],
    ['audience that starts alike', () => good({ aud: `${server.resource}/more` })],
    ['audience with a slash more', () => good({ aud: `${server.resource}/` })],
    ['audience that is the client', () => good({ aud: 'test-client' })],
    ['audience missing', () => good({ aud: undefined })],
    ['audience empty', () => good({ aud: [] })],
    ['audience as an object', () => good({ aud: { 0: server.resource } })],
    ['expired', () => good({ exp: now() - 60 })],
    ['expired beyond the clock tolerance', () => good({ exp: now() - 6 })],
    ['exp missing', () => good({ exp: undefined })],
    ['exp as a string', () => good({ exp: String(now() + 60) })],
    ['nbf in the future', () => good({ nbf: now() + 60 })],
    ['nbf as a string', () => good({ nbf: 'soon' })],
    ['bound to a DPoP key', () => good({ cnf: { jkt: 'x' } })],
    ['bound to a certificate', () => good({ cnf: { 'x5t#S256': 'x' } })],
    ['sub missing', () => good({ sub: undefined })],
    ['sub empty', () => good({ sub: '' })],
    ['sub of another type', () => good({ sub: 7 })],
    ['a token with something behind it', async () => `${await good()} x`],
    ['a token with 6,000 characters more', async () => `${await good()}${'x'.repeat(6000)}`],
  ])('%s', async (_name, token) => {
    const response = await post(server.resource, toolCall('hello'), { token: await token() });
    expect(response.status).toBe(401);
    const challenge = response.headers.get('www-authenticate');
    expect(challenge).toContain('error="invalid_token"');
    expect(challenge).toContain('resource_metadata="');
    expect(challenge).toContain('scope="hello"');
  });

  test('and nothing that a token names is fetched', () => {
    expect(foreign.requests).toEqual([]);
  });

  test('and none of it is logged', async () => {
    const token = await good({ aud: 'https://other.example/mcp' });
    await post(server.resource, toolCall('hello'), { token });
    expect(server.log.text).toContain('"type":"token_rejected"');
    for (const part of parts(token)) expect(server.log.text).not.toContain(part);
  });
});

test('a token whose last character is another of the same bits is another token', async () => {
  const token = await good();
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const twin = token.slice(0, -1) + String(alphabet[alphabet.indexOf(token.slice(-1)) ^ 1]);
  expect(Buffer.from(parts(twin)[2], 'base64url')).toEqual(Buffer.from(parts(token)[2], 'base64url'));
  expect((await post(server.resource, toolCall('hello'), { token: twin })).status).toBe(401);
});

describe('a token that is known as good', () => {
  test('is not believed past its expiry', async () => {
    const token = await good({ exp: now() + 10 });
    expect((await post(server.resource, toolCall('hello'), { token })).status).toBe(200);
    const later = Date.now() + 16_000;
    const clock = jest.spyOn(Date, 'now').mockReturnValue(later);
    try {
      expect((await post(server.resource, toolCall('hello'), { token })).status).toBe(401);
    } finally {
      clock.mockRestore();
    }
  });
});

describe('where a token stands', () => {
  test.each([
    ['in the query alone', (token: string) => ({ url: `${server.resource}?access_token=${token}`, headers: {} })],
    [
      'in the query beside a good header',
      (token: string) => ({
        url: `${server.resource}?x=1&access_token=${token}`,
        headers: { authorization: `Bearer ${token}` },
      }),
    ],
  ])('%s it is refused', async (_name, place) => {
    const { url, headers } = place(await good());
    const response = await post(url, toolCall('hello'), { headers: headers });
    expect(response.status).toBe(400);
    expect(response.headers.get('www-authenticate')).toContain('error="invalid_request"');
    expect(await response.text()).not.toContain('hello"');
  });

  test('in two headers it is refused', async () => {
    const { request } = await import('node:http');
    const token = await good();
    const status = await new Promise((resolve, reject) => {
      const req = request(server.resource, {
        method: 'POST',
        headers: [
          'Authorization',
          `Bearer ${token}`,
          'authorization',
          'Bearer x',
          'content-type',
          'application/json',
          'host',
          new URL(server.resource).host,
        ],
      });
      req.on('response', (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      req.on('error', reject);
      req.end(JSON.stringify(toolCall('hello')));
    });
    expect(status).toBe(400);
  });

  test.each(['Basic YWxpY2U6eA==', 'Bearer', 'Bearer ', 'Token x', 'Bearerx'])(
    '"%s" is no token',
    async (authorization) => {
      const response = await post(server.resource, toolCall('hello'), { headers: { authorization } });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).not.toContain('error=');
    },
  );
});
