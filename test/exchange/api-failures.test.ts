import { describe, expect, test } from '@jest/globals';
import { clientSecretBasic, dialects, errors, type DownstreamOptions } from 'nestjs-mcp-auth';
import { exchangeEagerly } from '../../lib/on-behalf-of/downstream/eager-exchange.js';
import { classifyAnswer, type RefusedAnswer } from '../../lib/on-behalf-of/failures/failure-table.js';
import { resolveDownstream } from '../../lib/on-behalf-of/options/resolved-downstream.js';

const orders = (rest: Partial<DownstreamOptions> = {}) =>
  resolveDownstream('orders', {
    baseUrl: 'https://orders.example',
    audience: 'orders-api',
    scopes: ['read', 'write'],
    scopeMap: { write: ['orders:write'] },
    ...rest,
  });

const refused = (
  status: number,
  parameters: Record<string, string> = {},
  rest: Partial<RefusedAnswer> = {},
): RefusedAnswer => ({ status, challenges: [{ scheme: 'bearer', parameters }], ...rest });

describe('what the provider granted less of than was asked for', () => {
  test('is what is missing where the API does not say which scope it is', () => {
    const error = classifyAnswer(
      orders(),
      refused(403, { error: 'insufficient_scope' }, { grantedScopes: ['read'] }),
    ) as errors.CallerActionError;
    expect(error.code).toBe('caller_scope_insufficient');
    expect(error.remedy).toEqual({ challenge: 'insufficient_scope', scopes: ['orders:write'] });
    expect(error.message).toBe('orders answered 403. The provider had withheld scopes that were asked for: write');
  });

  test('is told to the log alone where the API says nothing', () => {
    const error = classifyAnswer(orders(), refused(403, {}, { grantedScopes: [] }));
    expect(error.code).toBe('downstream_status');
    expect(error.message).toContain('withheld scopes that were asked for: read, write');
    expect(error.advice).not.toContain('write');
  });

  test.each([[['read', 'write']], [undefined]])('is not told where it is nothing: %j', (grantedScopes) => {
    const error = classifyAnswer(orders(), refused(403, { error: 'insufficient_scope' }, { grantedScopes }));
    expect([error.code, error.message]).toEqual(['downstream_status', 'orders answered 403']);
  });
});

describe('an API of another authorization server', () => {
  const authorizationServer = {
    issuer: 'https://id.partner.example',
    client: { id: 'mcp', authentication: clientSecretBasic('s3cret') },
  };
  const CLAIMS = Buffer.from('{"access_token":{}}').toString('base64');

  test.each<[string, Partial<DownstreamOptions>]>([
    ['identityAssertion', { dialect: dialects.identityAssertion({ authorizationServer }) }],
    ['jwtBearer', { dialect: dialects.jwtBearer({ authorizationServer }) }],
    ['auth0TokenVault', { dialect: dialects.auth0TokenVault({ connection: 'google-oauth2' }) }],
    ['none', { dialect: dialects.none() }],
  ])('cannot have a client of this one sign in for it: %s', (_name, changes) => {
    for (const answer of [
      refused(401, { error: 'insufficient_claims', claims: CLAIMS }),
      refused(401, { error: 'insufficient_user_authentication', acr_values: 'gold' }),
    ]) {
      expect(classifyAnswer(orders(changes), answer)).toMatchObject({ code: 'downstream_status', status: 401 });
    }
  });
});

test.each([
  [{ error: 'insufficient_user_authentication', max_age: '-1' }],
  [{ error: 'insufficient_user_authentication', max_age: '1e9' }],
  [{ error: 'insufficient_user_authentication', max_age: '99999999999' }],
])('a max_age that is none is not passed on: %j', (parameters) => {
  const { remedy } = classifyAnswer(orders(), refused(401, parameters)) as errors.CallerActionError;
  expect(remedy).toEqual({ challenge: 'insufficient_user_authentication', acrValues: [], maxAgeMs: undefined });
});

test("what nobody expected while tokens were got is the operator's affair, and no failure of the whole request", async () => {
  const target = orders();
  const access = { getDownstream: () => target, getToken: () => Promise.reject(new TypeError('oops')) };
  const failures = await exchangeEagerly(access, { downstreams: ['orders'], exchange: 'eager' });
  expect(failures).toEqual([expect.any(errors.OperatorActionError)]);
  expect(failures[0]).toMatchObject({ code: 'exchange_misconfigured', message: 'No token for orders: oops' });
});
