import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { clientSecretBasic, type ClientAuthentication } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { IntrospectingServer } from '../introspection/introspecting-server.js';
import { bootErrorOf } from '../support/module-boot.js';
import { optionsFor } from '../support/module-options.js';
import { callTool } from '../support/mcp-request.js';
import { OrderTools } from '../support/order-tools.js';
import { keepSecret } from '../support/secret-watch.js';
import { sendJson } from '../support/test-issuer.js';

/** Credentials as a server takes them out of the header. */
type Reading = (half: string) => string;

/** Compares letter by letter. */
const asTheyAre: Reading = (half) => half;
/** Decodes a form (RFC 6749 appendix B). */
const asForm: Reading = (half) => new URLSearchParams(`x=${half}`).get('x') ?? '';
/** Decodes percent signs, and leaves the plus sign. */
const byPercent: Reading = (half) => decodeURIComponent(half);

const ID = 'mcp-orders.v1_a~!*()';
const SECRET = "a-b.c_d~e!f*g'h(i)j-0123456789klmnop";
const SPECIAL = 'p:q r+s/t%u&v=wö-0123456789';
for (const secret of [SECRET, SPECIAL]) keepSecret(secret);

function headerOf(authorization: string | undefined, read: Reading): readonly string[] {
  const credentials = Buffer.from(authorization?.replace(/^Basic /, '') ?? '', 'base64').toString();
  const colon = credentials.indexOf(':');
  return [credentials.slice(0, colon), credentials.slice(colon + 1)].map((half) => {
    try {
      return read(half);
    } catch {
      return 'cannot be decoded';
    }
  });
}

describe.each(['express', 'fastify'] as const)('an authorization server, called from %s,', (platform) => {
  let server: DownstreamServer | undefined;

  afterEach(async () => {
    await server?.close();
  });

  async function start(id: string, secret: string, read: Reading, authentication: ClientAuthentication) {
    server = await startDownstreamServer({ platform, providers: [OrderTools], client: { id, authentication } });
    const { issuer } = server;
    issuer.answers.set('/token', async (request, response) => {
      const [gotId, gotSecret] = headerOf(request.headers.authorization, read);
      if (gotId !== id || gotSecret !== secret) {
        response.writeHead(401, { 'content-type': 'text/html', 'www-authenticate': 'Basic realm="tokens"' });
        response.end(`<html><title>Unauthorized</title><p>Unknown client, or wrong secret ${secret}.</p></html>`);
        return;
      }
      sendJson(response, 200, {
        access_token: await issuer.token({ aud: 'orders-api' }),
        token_type: 'Bearer',
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      });
    });
    const result = await callTool(server.resource, await server.token(), 'order');
    return { result, log: server.log.text };
  }

  test.each<[string, string, string, Reading, 'form' | 'none' | undefined]>([
    ['compares letter by letter, and the encoding leaves these letters alone', ID, SECRET, asTheyAre, undefined],
    ['decodes a form', ID, SECRET, asForm, undefined],
    ['decodes percent signs', ID, SECRET, byPercent, undefined],
    ['decodes a form with letters that have a meaning there', `${ID} :ö`, SPECIAL, asForm, 'form'],
    ['compares letter by letter, and is sent them as they are', `${ID} ö`, SPECIAL, asTheyAre, 'none'],
  ])('knows the client if it %s', async (_how, id, secret, read, encoding) => {
    const { result } = await start(id, secret, read, clientSecretBasic(secret, encoding && { encoding }));
    expect(result.structuredContent).toMatchObject({ audience: 'orders-api' });
  });

  test('that refuses on a page is quoted in the log, with the option that may help, and nobody outside learns it', async () => {
    const { result, log } = await start(ID, SPECIAL, asTheyAre, clientSecretBasic(SPECIAL));
    expect(result).toMatchObject({ isError: true });
    expect(JSON.stringify(result)).not.toMatch(/Unknown client|realm|encoding/);
    expect(log).toContain(
      'status 401, text/html: "Unauthorized Unknown client, or wrong secret [token].", WWW-Authenticate: "Basic realm=\\"tokens\\""',
    );
    expect(log).toContain("clientSecretBasic(secret, { encoding: 'none' })");
    expect(log).not.toContain('content-type');
  });

  test('that refuses a client whose credentials are plain is not said to have misread them', async () => {
    const { log } = await start('mcp', 'another-secret', asForm, clientSecretBasic('secret-of-before'));
    expect(log).toContain('status 401, text/html: "Unauthorized');
    expect(log).not.toContain('encoding');
  });
});

describe.each([['form', asForm] as const, ['none', asTheyAre] as const])('the encoding %s', (encoding, read) => {
  const CHARACTERS = [...Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index)), ...'äß€漢😀'];

  /** The header of a request, read as a server reads it. */
  async function send(id: string, secret: string): Promise<readonly string[]> {
    const headers = new Headers();
    const authenticate = clientSecretBasic(secret, { encoding });
    await authenticate({ issuer: 'https://id.example' }, { client_id: id }, new URLSearchParams(), headers);
    return headerOf(headers.get('authorization') ?? undefined, read);
  }

  test('brings every character of an id and of a secret over', async () => {
    const lost: string[] = [];
    for (const character of CHARACTERS) {
      const secret = `s${character}t`;
      keepSecret(secret);
      // A colon ends an id that is not encoded.
      const id = encoding === 'none' && character === ':' ? 'id' : `i${character}d`;
      const got = await send(id, secret);
      if (got[0] !== id || got[1] !== secret) lost.push(character);
    }
    expect(lost).toEqual([]);
  });
});

test('what every server takes is sent as it is', async () => {
  // Of RFC 3986 section 2.3, and what stands in generated secrets.
  const plain = 'abcXYZ019-._~!*()';
  const headers = new Headers();
  const authenticate = clientSecretBasic(plain);
  await authenticate({ issuer: 'https://id.example' }, { client_id: plain }, new URLSearchParams(), headers);
  expect(headerOf(headers.get('authorization') ?? undefined, asTheyAre)).toEqual([plain, plain]);
});

describe('an id with a colon', () => {
  const client = { id: 'urn:mcp', authentication: clientSecretBasic('s3cret', { encoding: 'none' }) };

  test.each<[string, object, RegExp]>([
    ['as `client`', { client }, /`client.id` has a colon, and clientSecretBasic/],
    ['in a list', { client: [{ ...client, issuer: 'https://id.example' }] }, /`client\[0\].id` has a colon/],
    [
      'for introspection',
      { issuers: [{ issuer: 'https://id.example', introspection: { client } }] },
      /`issuers\[0\].introspection.client.id` has a colon/,
    ],
  ])('cannot be sent as it is, and stops the boot %s', async (_where, options, problem) => {
    const { problems } = await bootErrorOf(optionsFor('https://mcp.example', 'https://id.example', options));
    expect(problems.join('\n')).toMatch(problem);
  });

  test('and neither can an encoding that there is not', () => {
    expect(() => clientSecretBasic('s3cret', { encoding: 'base64' as 'none' })).toThrow(/neither 'form' nor 'none'/);
  });
});

describe('introspection', () => {
  let server: IntrospectingServer;

  beforeAll(async () => {
    server = await IntrospectingServer.start();
  });
  afterAll(() => server.close());

  test.each<[string, number, string, string, string]>([
    ['a page', 401, 'text/html', '<h1>401 Unauthorized</h1>', 'status 401, text/html: "401 Unauthorized"'],
    ['plain text', 403, 'text/plain', 'Client is locked', 'status 403, text/plain: "Client is locked"'],
    [
      'JSON of another media type',
      401,
      'text/plain',
      '{"error":"invalid_client","error_description":"Wrong secret"}',
      'status 401, invalid_client, "Wrong secret"',
    ],
  ])('that is refused by %s says so in the log', async (_what, status, type, body, text) => {
    server.answer = (response) => response.writeHead(status, { 'content-type': type }).end(body);
    expect((await server.call()).status).toBe(503);
    expect(server.application.log.text.replaceAll('\\"', '"')).toContain(`introspection failed. ${text}`);
  });
});
