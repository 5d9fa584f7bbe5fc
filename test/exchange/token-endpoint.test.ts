import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { clientSecretPost } from 'nestjs-mcp-auth';
import { listen } from '../support/listen.js';
import { sendJson } from '../support/test-issuer.js';
import { catchTokenEndpoint, failureOf, startPartner, type CaughtEndpoint, type Partner } from './caught-endpoint.js';

const GOOD = { access_token: 'good', token_type: 'Bearer' };

let server: CaughtEndpoint;
let partner: Partner;
/** Forms that the issuer was sent. */
let forms: string[];

beforeAll(async () => {
  partner = await startPartner(clientSecretPost('the secret at the partner'));
  server = await catchTokenEndpoint(clientSecretPost('the secret at the issuer'));
});
afterEach(() => {
  for (const issuer of [server.issuer, partner.server]) {
    issuer.answers.clear();
    issuer.requests.length = 0;
  }
});
afterAll(async () => {
  await server.close();
  await partner.server.close();
});

function answers(body: unknown, status = 200, headers: Record<string, string> = {}): void {
  forms = [];
  server.issuer.answers.set('/token', (_request, response, form) => {
    forms.push(form.toString());
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (typeof body === 'string') response.writeHead(status, { 'content-type': 'text/html' }).end(body);
    else sendJson(response, status, body);
  });
}

describe('a form', () => {
  test('repeats a parameter for each of a list, and leaves out what is undefined', async () => {
    answers(GOOD);
    await server.endpoint.request('urn:test', { audience: ['a', 'b'], scope: 'x y', resource: undefined, none: [] });
    expect(forms).toEqual([
      'audience=a&audience=b&scope=x+y&grant_type=urn%3Atest&client_id=mcp&client_secret=the+secret+at+the+issuer',
    ]);
  });

  test('cannot be sent by the address of a dialect to another origin', async () => {
    const address = () => new URL(`${partner.server.origin}/token`);
    await expect(server.endpoint.request('urn:test', {}, { address })).rejects.toThrow('left its origin');
    expect(partner.server.requests).toEqual([]);
  });

  test.each([301, 302, 303, 307, 308])('is not sent again where a redirect of %i leads', async (status) => {
    const elsewhere = await listen();
    const requests: unknown[] = [];
    elsewhere.server.on('request', (request, response) => {
      requests.push(request.url);
      sendJson(response, 200, GOOD);
    });
    answers('', status, { location: `${elsewhere.origin}/token` });
    expect((await failureOf(server.endpoint.request('urn:test', {}))).failure).toEqual({ status });
    expect([requests, forms.length]).toEqual([[], 1]);
    await elsewhere.close();
  });
});

describe('a token', () => {
  test('with all that is said of it', async () => {
    answers({ ...GOOD, issued_token_type: 'urn:t', expires_in: 60, scope: 'a b', refresh_token: 'never' });
    expect(await server.endpoint.request('urn:test', {})).toEqual({
      access_token: 'good',
      token_type: 'bearer',
      issued_token_type: 'urn:t',
      expires_in: 60,
      scope: 'a b',
    });
  });

  test.each([
    [3600, 3600],
    [0.5, 0.5],
    ['3600', 3600],
    ['soon', undefined],
    ['-1', undefined],
    ['', undefined],
    [0, undefined],
    [-3600, undefined],
    [1e300, undefined],
    [Number.MAX_SAFE_INTEGER, undefined],
    [null, undefined],
    [true, undefined],
    [[3600], undefined],
  ])('whose expires_in is %j', async (expires_in, expected) => {
    answers({ ...GOOD, expires_in });
    expect((await server.endpoint.request('urn:test', {})).expires_in).toBe(expected);
  });

  test('of the type N_A, which is no access token (RFC 8693 section 2.2.1)', async () => {
    answers({ ...GOOD, token_type: 'N_A' });
    expect((await server.endpoint.request('urn:test', {})).token_type).toBe('n_a');
  });

  test.each<[string, unknown]>([
    ['a page', '<html>Sign in</html>'],
    ['nothing', ''],
    ['garbage', '{"access_token":"good","token_type":'],
    ['null', null],
    ['a list', [GOOD]],
    ['no access_token', { token_type: 'Bearer' }],
    ['an access_token that is no string', { ...GOOD, access_token: 7 }],
    ['an empty access_token', { ...GOOD, access_token: '' }],
    ['no token_type', { access_token: 'good' }],
    ['a token_type that is no string', { ...GOOD, token_type: ['Bearer'] }],
    ['an issued_token_type that is no string', { ...GOOD, issued_token_type: 1 }],
    ['a token bound to a key that is not ours', { ...GOOD, token_type: 'DPoP' }],
  ])('is not what 200 with %s has', async (_name, body) => {
    answers(body);
    const { failure, message } = await failureOf(server.endpoint.request('urn:test', {}));
    expect(failure).toEqual({ status: 200, unusable: true });
    expect(message).not.toMatch(/good|Sign in/);
    expect(forms).toHaveLength(1);
  });
});

describe('where there is no token endpoint to ask', () => {
  test('because the metadata has none', async () => {
    const metadata = { ...partner.server.metadata(), token_endpoint: undefined };
    partner.server.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
      sendJson(response, 200, metadata);
    });
    const authorizationServer = { ...partner, metadataUrl: `${partner.issuer}/.well-known/oauth-authorization-server` };
    const { failure, message } = await failureOf(server.endpoint.request('urn:test', {}, { authorizationServer }));
    expect(failure).toEqual({ error: 'no_token_endpoint', foreign: true });
    expect(message).toContain(`${partner.issuer} has no token endpoint`);
  });

  test('because there is no metadata', async () => {
    const gone = { ...partner, metadataUrl: `${partner.issuer}/nowhere` };
    await expect(server.endpoint.request('urn:test', {}, { authorizationServer: gone })).rejects.toMatchObject({
      code: 'issuer_unusable',
    });
  });
});

describe('an authorization server besides the issuer', () => {
  test('gets its own credentials, its metadata is looked up once, and the issuer is not asked', async () => {
    const sent: string[] = [];
    partner.server.answers.set('/token', (_request, response, form) => {
      sent.push(form.toString());
      sendJson(response, 200, GOOD);
    });
    const authorizationServer = { issuer: partner.issuer, client: partner.client };
    server.issuer.requests.length = 0;
    for (const assertion of ['1', '2']) {
      await server.endpoint.request('urn:test', { assertion }, { authorizationServer });
    }
    const credentials = 'client_id=mcp-at-partner&client_secret=the+secret+at+the+partner';
    expect(sent).toEqual(['1', '2'].map((one) => `assertion=${one}&grant_type=urn%3Atest&${credentials}`));
    expect(partner.server.requests.filter((path) => path !== '/token')).toHaveLength(1);
    expect(server.issuer.requests).toEqual([]);
  });

  test('says so where it refuses', async () => {
    partner.server.answers.set('/token', (_request, response) => {
      sendJson(response, 400, { error: 'invalid_grant' });
    });
    const { failure, message } = await failureOf(
      server.endpoint.request('urn:test', {}, { authorizationServer: partner }),
    );
    expect(failure).toEqual({ status: 400, error: 'invalid_grant', foreign: true });
    expect(message).toBe(`${partner.issuer}: status 400, invalid_grant`);
  });
});
