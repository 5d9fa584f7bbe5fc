import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { UnsecuredJWT } from 'jose';
import { clientSecretBasic } from 'nestjs-mcp-auth';
import type { TokenEndpointAnswer } from 'nestjs-mcp-auth/dialects';
import { catchTokenEndpoint, failureOf, type CaughtEndpoint } from './caught-endpoint.js';

const JSON_TYPE = 'application/json';
const FORM = 'application/x-www-form-urlencoded';
const GOOD = { access_token: 'good', token_type: 'Bearer', expires_in: 60, scope: 'a b' };

let server: CaughtEndpoint;
let asked: number;

beforeAll(async () => {
  server = await catchTokenEndpoint(clientSecretBasic('s3cret'));
});
beforeEach(() => {
  asked = 0;
});
afterAll(() => server.close());

function answers(status: number, body: string | object, headers: Record<string, string> = {}) {
  server.issuer.answers.set('/token', (_request, response) => {
    asked += 1;
    response.writeHead(status, { 'content-type': JSON_TYPE, ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return server.endpoint.request('urn:test', {});
}

describe('an answer with a token is understood', () => {
  const usual: TokenEndpointAnswer = { access_token: 'good', token_type: 'bearer', expires_in: 60, scope: 'a b' };

  test.each<[string, number, string | object, Record<string, string>?]>([
    ['of 201', 201, GOOD],
    ['of 202', 202, GOOD],
    ['with `Bearer ` and a space', 200, { ...GOOD, token_type: 'Bearer ' }],
    ['with BEARER', 200, { ...GOOD, token_type: 'BEARER' }],
    ['with BearerToken, as Apigee has it', 200, { ...GOOD, token_type: 'BearerToken' }],
    ['with `bearer token`', 200, { ...GOOD, token_type: 'bearer token' }],
    ['with scopes as a list', 200, { ...GOOD, scope: ['a', 'b'] }],
    ['with expires_in as text', 200, { ...GOOD, expires_in: '60' }],
    ['with expires_in as text with decimals', 200, { ...GOOD, expires_in: '60.0' }],
    ['with an ID token, a refresh token and more', 200, { ...GOOD, id_token: 'x.y.z', refresh_token: 'r', ext: {} }],
    ['with members that are null', 200, { ...GOOD, issued_token_type: null, refresh_token: null, error: null }],
    ['with an empty error', 200, { ...GOOD, error: '' }],
    ['as text/plain', 200, GOOD, { 'content-type': 'text/plain; charset=utf-8' }],
    ['as text/html', 200, GOOD, { 'content-type': 'text/html' }],
    ['as application/problem+json', 200, GOOD, { 'content-type': 'application/problem+json' }],
    ['as application/json in capitals', 200, GOOD, { 'content-type': 'Application/JSON;Charset=UTF-8' }],
    ['with a byte order mark', 200, `\uFEFF${JSON.stringify(GOOD)}`],
    ['with line breaks around it', 200, `\r\n${JSON.stringify(GOOD)}\r\n`],
    ['as a form', 200, 'access_token=good&token_type=bearer&expires_in=60&scope=a+b', { 'content-type': FORM }],
  ])('%s', async (_what, status, body, headers = {}) => {
    expect(await answers(status, body, headers)).toEqual(usual);
  });

  test.each<[string, unknown]>([
    ['a list of what are no texts', [1, 2]],
    ['an object', { a: true }],
    ['null', null],
  ])('and scopes that are %s say nothing', async (_what, scope) => {
    expect((await answers(200, { ...GOOD, scope })).scope).toBeUndefined();
  });
});

describe('a JWT without `expires_in`', () => {
  /** When the server answers, by its own clock. */
  const DATE = 'Wed, 21 Oct 2015 07:28:00 GMT';
  const now = Date.parse(DATE) / 1000;
  const jwt = (claims: object) => new UnsecuredJWT({ ...claims }).encode();

  test.each<[string, string, Record<string, string>, number | undefined]>([
    ['is good until its `exp` by the clock of the server', jwt({ exp: now + 300 }), { date: DATE }, 300],
    ['also if it is not new', jwt({ iat: now - 200, exp: now + 100 }), { date: DATE }, 100],
    ['less the age of the answer', jwt({ exp: now + 300 }), { date: DATE, age: '100' }, 200],
    ['and tells nothing once it is over', jwt({ exp: now - 1 }), { date: DATE }, undefined],
    ['nor without `exp`', jwt({ sub: 'a' }), { date: DATE }, undefined],
    ['nor where the time of the server is none', jwt({ exp: now + 300 }), { date: 'today' }, undefined],
    ['nor where it is no JWT', 'a.b.c', { date: DATE }, undefined],
  ])('%s', async (_what, access_token, headers, seconds) => {
    const answer = await answers(200, { ...GOOD, access_token, expires_in: undefined }, headers);
    expect(answer.expires_in).toBe(seconds);
  });
});

describe('an answer without a token says why, whatever it looks like', () => {
  const page = '<!DOCTYPE html><html><style>p{}</style><title>401</title><p>Wrong\n secret</p></html>';

  test.each<[string, number, string | object, Record<string, string>, object, string]>([
    ['an error with 200', 200, { error: 'invalid_grant' }, {}, { error: 'invalid_grant' }, 'status 200, invalid_grant'],
    [
      'an error with 200, and a token that is null',
      200,
      { access_token: null, error: 'invalid_target' },
      {},
      { error: 'invalid_target' },
      'status 200, invalid_target',
    ],
    [
      'a form',
      400,
      'error=invalid_grant&error_description=too+old',
      { 'content-type': FORM },
      { error: 'invalid_grant' },
      'status 400, invalid_grant, "too old"',
    ],
    [
      'JSON as text/html',
      400,
      { error: 'invalid_scope' },
      { 'content-type': 'text/html' },
      { error: 'invalid_scope' },
      'status 400, invalid_scope',
    ],
    [
      'problem details',
      403,
      { type: 'about:blank', title: 'Forbidden', detail: 'The grant is off' },
      { 'content-type': 'application/problem+json' },
      {},
      'status 403, "The grant is off"',
    ],
    ['a message', 400, { message: 'no such client' }, {}, {}, 'status 400, "no such client"'],
    ['a page', 401, page, { 'content-type': 'text/html' }, {}, 'status 401, text/html: "401 Wrong secret"'],
    ['text', 400, 'nope', { 'content-type': 'text/plain' }, {}, 'status 400, text/plain: "nope"'],
    ['nothing', 401, '', { 'content-type': 'text/plain' }, {}, 'status 401'],
    [
      'nothing but a challenge',
      401,
      '',
      { 'www-authenticate': 'Basic realm="tokens"' },
      {},
      'status 401, WWW-Authenticate: "Basic realm=\\"tokens\\""',
    ],
    [
      'a way to elsewhere',
      302,
      '',
      { location: 'https://sso.example/login' },
      {},
      'status 302, a redirect to "https://sso.example/login", which is not followed',
    ],
  ])('%s', async (_what, status, body, headers, failure, message) => {
    expect(await failureOf(answers(status, body, headers))).toEqual({ failure: { status, ...failure }, message });
    expect(asked).toBe(1);
  });

  test.each<[string, number, string | object, string]>([
    ['a page with 200', 200, page, 'text/html'],
    ['a page with 201', 201, page, 'text/html'],
  ])('%s is no token, and is not quoted', async (_what, status, body, type) => {
    const { failure, message } = await failureOf(answers(status, body, { 'content-type': type }));
    expect(failure).toEqual({ status, unusable: true });
    expect(message).toBe('the answer cannot be used: it is no JSON object (text/html)');
  });

  test('a page of markup without end costs no time', async () => {
    const { message } = await failureOf(answers(403, '<script>'.repeat(100_000), { 'content-type': 'text/html' }));
    expect(message.length).toBeLessThan(300);
  });
});
