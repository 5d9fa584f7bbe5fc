import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { parseChallenge } from '../compliance/challenge-parameters.js';
import { message, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** What would change a challenge, a header, a log line or a page, if it got there as it is. */
const HOSTILE: Record<string, string> = {
  'the end of the text': 'x", error="none',
  'another resource': 'x", resource_metadata="https://attacker.example',
  'another challenge': 'x", Basic realm="attacker',
  'a backslash': 'x\\',
  'a backslash and the end': 'x\\", error="none',
  'a comma': 'x, error=none',
  'a line end': 'x\r\nSet-Cookie: a=b',
  'a bare line feed': 'x\nLocation: https://attacker.example',
  'a bare carriage return': 'x\rX-Injected: 1',
  'two line ends and a page': 'x\r\n\r\n<script>alert(1)</script>',
  'a zero byte': 'x\u0000y',
  'a colour for terminals': 'x\u001b[31mred',
  'a delete': 'x\u007f',
  'a line separator': 'x\u2028y',
  'letters that turn': 'x\u202eyx',
  'beyond ASCII': 'x\u00e9',
  'beyond the plane': 'x\u{1f600}',
  'half a letter': 'x\ud800',
  'scopes besides': 'x admin offline_access',
  'offline access': 'offline_access',
  'very much': 'x'.repeat(3_000),
};

const rows = Object.entries(HOSTILE);

@Injectable()
class Tools {
  @McpTool({
    description: `Finds it", error="none\r\nSet-Cookie: a=b \u001b[31m <script>`,
    title: 'x", Basic realm="attacker',
    scopes: ['orders:read'],
  })
  find(): string {
    return 'found';
  }
  @McpTool({
    description: 'x',
    input: z.object({ region: z.string() }),
    scopes: ({ region }) => ['orders:read', `orders:${region}`],
  })
  inRegion(): string {
    return 'found';
  }
}

let server: ProtectedServer;

beforeAll(async () => {
  server = await startProtectedServer({ providers: [Tools], options: { scopes: { challenge: 'union' } } });
});
afterEach(async () => {
  const response = await post(server.resource, toolCall('find'), { token: await server.token('orders:read') });
  expect(response.status).toBe(200);
});
afterAll(() => server.close());

/** What is said where a scope is missing. */
const TOO_LITTLE = {
  error: 'insufficient_scope',
  error_description: 'The token lacks a scope that the operation needs',
};

const UNKNOWN_KEY = 'The token is signed with an unknown key';

/** No line of the log can pass for two, or for anything but text. */
function expectPlainLog(): void {
  expect(server.log.lines.filter((line) => /[\p{Cc}\p{Zl}\p{Zp}]/u.test(line))).toEqual([]);
}

/** One challenge, of the parameters that there are, with nothing in them that anyone outside made up. */
async function expectHonest(response: Response, expected: Record<string, unknown>): Promise<void> {
  const header = response.headers.get('www-authenticate') ?? '';
  expect(header).toMatch(/^[\x20-\x7e]+$/);
  expect(header.length).toBeLessThan(1_000);
  expect(parseChallenge(header)).toEqual({
    scheme: 'Bearer',
    resource_metadata: `${server.origin}/.well-known/oauth-protected-resource/mcp`,
    ...expected,
  });
  for (const name of ['set-cookie', 'location', 'x-injected']) expect(response.headers.get(name)).toBeNull();
  expect(await response.text()).not.toMatch(/<script>|Set-Cookie|attacker/);
  expectPlainLog();
}

describe('an argument that a scope is made of', () => {
  test.each(rows)('%s', async (_name, region) => {
    const token = await server.token('other');
    const response = await post(server.resource, toolCall('in_region', { region }), { token });
    expect(response.status).toBe(403);
    const isScope = /^[\x21\x23-\x5B\x5D-\x7E]+$/.test(region) && region.length < 256;
    const asked = isScope ? `orders:read orders:${region} other` : 'orders:read other';
    await expectHonest(response, { ...TOO_LITTLE, scope: asked });
  });
});

describe('a scope that the token has, which a challenge repeats', () => {
  test.each(rows)('%s', async (_name, scope) => {
    const token = await server.token('', { scope: undefined, scp: [scope, 'other'] });
    const response = await post(server.resource, toolCall('find'), { token });
    expect(response.status).toBe(403);
    await expectHonest(response, { ...TOO_LITTLE, scope: 'orders:read other' });
  });
});

describe('claims that are written down', () => {
  test.each(rows)('%s', async (_name, text) => {
    const token = await server.token('other', { sub: text, client_id: text, tid: text });
    const response = await post(server.resource, toolCall('find'), { token });
    // Half a letter is no text that could name anyone.
    const isText = text !== HOSTILE['half a letter'];
    expect(response.status).toBe(isText ? 403 : 401);
    await expectHonest(
      response,
      isText
        ? { ...TOO_LITTLE, scope: 'orders:read other' }
        : {
            error: 'invalid_token',
            error_description: 'The token has a client that is not a string',
            scope: 'orders:read',
          },
    );
  });
});

describe('a token that is refused', () => {
  test.each(rows)('with %s in it', async (_name, text) => {
    const token = await server.token('other', { aud: text, sub: text, exp: 1 });
    const response = await post(server.resource, toolCall('find'), { token });
    expect(response.status).toBe(401);
    await expectHonest(response, {
      error: 'invalid_token',
      error_description: 'The token has expired',
      scope: 'orders:read',
    });
  });

  test.each(rows)('of a key called by %s', async (_name, kid) => {
    const token = await server.issuer.token({ aud: server.resource }, { kid });
    const response = await post(server.resource, toolCall('find'), { token });
    expect(response.status).toBe(401);
    await expectHonest(response, { error: 'invalid_token', error_description: UNKNOWN_KEY, scope: 'orders:read' });
  });
});

describe('the name of a tool', () => {
  test.each(rows)('%s', async (_name, name) => {
    const encoded = `=?base64?${Buffer.from(name).toString('base64')}?=`;
    const options = { token: await server.token('other'), headers: { 'mcp-name': encoded } };
    const response = await post(server.resource, toolCall(name), options);
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    const { error } = JSON.parse(await response.text()) as { error: { code: number } };
    // There is no such tool; half a letter is another one in the header.
    expect([response.status, error.code]).toEqual(name === HOSTILE['half a letter'] ? [400, -32020] : [200, -32602]);
    expectPlainLog();
  });
});

describe('a method', () => {
  test.each(rows)('%s', async (_name, method) => {
    const options = { token: await server.token('other'), headers: { 'mcp-method': 'x' } };
    const response = await post(server.resource, message(method), options);
    // Header and body name different methods.
    expect(response.status).toBe(400);
    expect(JSON.parse(await response.text())).toMatchObject({ error: { code: -32020 } });
  });
});

test('names and descriptions of tools say nothing in challenges', async () => {
  const response = await post(server.resource, toolCall('find'));
  expect(response.status).toBe(401);
  const challenge = parseChallenge(response.headers.get('www-authenticate') ?? '');
  expect(challenge).toEqual({
    scheme: 'Bearer',
    scope: 'orders:read',
    resource_metadata: `${server.origin}/.well-known/oauth-protected-resource/mcp`,
  });
});
