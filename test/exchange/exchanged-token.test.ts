import { describe, expect, test } from '@jest/globals';
import { errors } from 'nestjs-mcp-auth';
import { toExchangedToken, type TokenEndpointAnswer } from 'nestjs-mcp-auth/dialects';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const answer: TokenEndpointAnswer = { access_token: 'abc.def', token_type: 'Bearer', issued_token_type: ACCESS_TOKEN };

describe('the token out of an answer', () => {
  test.each([
    ['of usual characters', 'abc.DEF-123_~+/=='],
    ["of others, as Salesforce's have them", '00Dx0000000BV7z!AR8AQP0jITN80'],
  ])('%s', (_name, access_token) => {
    expect(toExchangedToken({ ...answer, access_token, expires_in: 60 })).toEqual({
      value: access_token,
      type: 'bearer',
      expiresInMs: 60_000,
    });
  });

  test('a token that is bound to a key says so', () => {
    expect(toExchangedToken({ ...answer, token_type: 'dPoP' })).toMatchObject({ type: 'dpop' });
  });

  test.each(['a b', 'a\r\nx-header: y', 'a\tb', 'tökén', ''])('not with what no header has: %j', (access_token) => {
    expect(() => toExchangedToken({ ...answer, access_token })).toThrow(errors.TokenEndpointError);
  });

  test.each<[string, string | undefined, readonly string[], readonly string[] | undefined]>([
    ['fewer than asked for', 'read', ['read', 'write'], ['read']],
    ['none', '', ['read'], []],
    ['all, in another order', 'write read', ['read', 'write'], undefined],
    ['more', 'read write admin', ['read'], undefined],
    ['not said', undefined, ['read'], undefined],
  ])('scopes that were granted are remembered where they fall short: %s', (_name, scope, scopes, granted) => {
    expect(toExchangedToken({ ...answer, scope }, { scopes }).grantedScopes).toEqual(granted);
  });

  test('what the provider says is not repeated at length', () => {
    const issued_token_type = 'x'.repeat(1000);
    const take = () => toExchangedToken({ ...answer, issued_token_type }, { issuedTokenType: ACCESS_TOKEN });
    expect(take).toThrow(/^issued_token_type is "x{99}, not urn:/);
  });
});
