import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { clientAssertion, clientSecretBasic, clientSecretPost, errors } from 'nestjs-mcp-auth';
import { stopClocks } from '../support/clocks.js';
import { keepSecret } from '../support/secret-watch.js';
import { sendJson } from '../support/test-issuer.js';
import { catchTokenEndpoint, failureOf, type CaughtEndpoint } from './caught-endpoint.js';

let server: CaughtEndpoint;

beforeAll(async () => {
  server = await catchTokenEndpoint();
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => server.close());

async function refusal(body: unknown, status = 400, headers: Record<string, string> = {}) {
  server.issuer.answers.set('/token', (_request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    sendJson(response, status, body);
  });
  return await failureOf(server.endpoint.request('urn:test', {}));
}

const CLAIMS = { access_token: { acrs: { essential: true, value: 'c1' } } };

describe('what a refusal says', () => {
  test.each<[string, object, errors.TokenEndpointFailure]>([
    ['error', { error: 'invalid_grant' }, { error: 'invalid_grant' }],
    ['suberror', { suberror: 'consent_required' }, { suberror: 'consent_required' }],
    ['claims as text', { claims: JSON.stringify(CLAIMS) }, { claims: JSON.stringify(CLAIMS) }],
    ['claims as they are', { claims: CLAIMS }, { claims: JSON.stringify(CLAIMS) }],
    ['acr_values', { acr_values: 'gold  silver' }, { acrValues: ['gold', 'silver'] }],
    ['max_age', { max_age: 60 }, { maxAgeMs: 60_000 }],
    ['max_age as text', { max_age: '60' }, { maxAgeMs: 60_000 }],
  ])('%s', async (_name, body, failure) => {
    expect((await refusal(body)).failure).toEqual({ status: 400, ...failure });
  });

  test.each<[string, object]>([
    ['an error of another type', { error: { message: 'invalid_grant' } }],
    ['an error with line breaks', { error: 'invalid\ngrant' }],
    ['an error of a thousand characters', { error: 'x'.repeat(1000) }],
    ['claims that are no JSON', { claims: 'c1' }],
    ['claims that are a list', { claims: '["c1"]' }],
    ['claims without end', { claims: JSON.stringify({ c: 'x'.repeat(4000) }) }],
    ['a max_age below zero', { max_age: -1 }],
    ['acr_values of another type', { acr_values: ['gold'] }],
  ])('and %s says nothing', async (_name, body) => {
    const { failure, message } = await refusal(body);
    expect([failure, message]).toEqual([{ status: 400 }, 'status 400']);
  });

  test('Retry-After, in seconds or as a date', async () => {
    const { start } = stopClocks();
    const soon = new Date(start + 120_000).toUTCString();
    for (const [value, expected] of [
      ['120', 120_000],
      // It has no milliseconds.
      [soon, Date.parse(soon) - start],
    ] as const) {
      expect((await refusal({}, 429, { 'retry-after': value })).failure.retryAfterMs).toBe(expected);
    }
    expect((await refusal({}, 400, { 'retry-after': 'soon' })).failure.retryAfterMs).toBeUndefined();
  });

  test('its description is quoted on one line, two hundred characters of it', async () => {
    const { message } = await refusal({ error: 'x', error_description: `one\ntwo ${'a b '.repeat(200)}` });
    expect(message).toMatch(/^status 400, x, "one\\ntwo a b [ab ]+"$/);
    expect(message.length).toBeLessThan(240);
  });
});

describe('a provider that repeats what it was sent', () => {
  const subject = 'opaque-subject!token';
  const assertion = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLW9mLWl0';
  const secret = 's:e/c ret!that?is%long';
  for (const one of [subject, assertion, secret]) keepSecret(one);

  test.each([
    ['client_secret_basic', () => clientSecretBasic(secret)],
    ['client_secret_post', () => clientSecretPost(secret)],
    ['an assertion', () => clientAssertion(() => assertion)],
  ])('tells the log none of it, with %s', async (_name, authentication) => {
    const echoing = await catchTokenEndpoint(authentication());
    let sent: string[] = [];
    echoing.issuer.answers.set('/token', (request, response, form) => {
      const basic = request.headers.authorization?.slice(6) ?? '';
      const [, encoded = ''] = /^mcp:(.*)$/.exec(Buffer.from(basic, 'base64').toString()) ?? [];
      sent = [subject, ...assertion.split('.'), secret, basic, encoded].filter(Boolean);
      const echo = [form.get('scope'), ...form.values(), basic, encoded, new URLSearchParams(`_=${encoded}`).get('_')];
      sendJson(response, 400, { error: subject, error_description: echo.join(' ') });
    });
    const form = { subject_token: subject, actor_token: assertion, scope: 'orders:read' };
    const { failure, message } = await failureOf(echoing.endpoint.request('urn:test', form));
    await echoing.close();
    expect(failure).toEqual({ status: 400, error: '[token]' });
    expect(message).toMatch(/^status 400, \[token\], "orders:read \[token\] \[token\] /);
    for (const one of sent) expect(message).not.toContain(one);
  });
});
