import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ChallengeError, TestDownstream, TestIssuer } from 'nestjs-mcp-auth/testing';
import 'nestjs-mcp-auth/testing/jest';

/** What a matcher says when it fails, or nothing where it does not. */
async function saidBy(matched: () => unknown): Promise<string | undefined> {
  try {
    await matched();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const METADATA = 'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource"';
const stepUp = new ChallengeError(403, `Bearer error="insufficient_scope", scope="a b", ${METADATA}`);
const noToken = new ChallengeError(401, `Bearer scope="a b", ${METADATA}`);
const badToken = new ChallengeError(401, `Bearer error="invalid_token", scope="a b", ${METADATA}`);
const signIn = new ChallengeError(401, `Bearer error="insufficient_user_authentication", ${METADATA}`);
const forbidden = new ChallengeError(403, null);
const answer = { content: [{ type: 'text', text: 'fine' }] };
const toolError = { content: [{ type: 'text', text: 'no stock left' }], isError: true };

describe('toChallengeFor', () => {
  test.each([
    ['403 insufficient_scope', stepUp],
    ['401 without a token', noToken],
    ['401 for a bad token', badToken],
  ])('takes %s, with the scopes in any order', async (_name, refusal) => {
    expect(refusal).toChallengeFor('b', 'a');
    await expect(Promise.reject(refusal)).toChallengeFor('a', 'b');
    await expect(Promise.reject(refusal)).rejects.toChallengeFor('a', 'b');
    const response = new Response(null, {
      status: 403,
      headers: { 'www-authenticate': 'Bearer error="insufficient_scope", scope=a' },
    });
    expect(response).toChallengeFor('a');
  });

  test.each([
    ['fewer scopes', stepUp, ['a'], '403 Bearer insufficient_scope, asking for a b'],
    ['more scopes', stepUp, ['a', 'b', 'c'], '403 Bearer insufficient_scope, asking for a b'],
    ['a sign-in', signIn, ['a'], '401 Bearer insufficient_user_authentication, asking for no scope'],
    ['403 without a challenge', forbidden, ['a'], '403 without a challenge'],
    ['an answer', answer, ['a'], "an answer: { content: [ { type: 'text', text: 'fine' } ] }"],
    ['an error of the tool', toolError, ['a'], 'a tool error: no stock left'],
    ['another failure', new TypeError('fetch failed'), ['a'], 'a failure: TypeError: fetch failed'],
    ['nothing', undefined, ['a'], 'an answer: undefined'],
  ])('does not take %s, and says what it got', async (_name, got, scopes, told) => {
    const [first = '', ...others] = scopes;
    const said = `Expected a challenge for ${scopes.join(' ')} (403 insufficient_scope, or 401).\nGot ${told}`;
    expect(
      await saidBy(() => {
        expect(got).toChallengeFor(first, ...others);
      }),
    ).toBe(said);
    const settled = got instanceof Error ? Promise.reject(got) : Promise.resolve(got);
    expect(await saidBy(() => expect(settled).toChallengeFor(first, ...others))).toBe(said);
  });

  test('its opposite fails for a challenge, and for a failure from which nothing follows', async () => {
    expect(noToken).not.toChallengeFor('c');
    expect(
      await saidBy(() => {
        expect(noToken).not.toChallengeFor('a', 'b');
      }),
    ).toBe(
      'Expected not a challenge for a b (403 insufficient_scope, or 401).\nGot 401 Bearer without an error, asking for a b',
    );
    const failure = Promise.reject(new TypeError('fetch failed'));
    expect(await saidBy(() => expect(failure).not.toChallengeFor('a'))).toContain('Got a failure: TypeError');
  });

  test('has to be told the scopes', async () => {
    const none = [] as unknown as [string];
    expect(
      await saidBy(() => {
        expect(stepUp).toChallengeFor(...none);
      }),
    ).toContain('takes the scopes');
  });
});

describe('toRequireAuthentication', () => {
  test('takes a 401 without an error, and invalid_token', async () => {
    expect(noToken).toRequireAuthentication();
    expect(badToken).toRequireAuthentication();
    await expect(Promise.reject(badToken)).toRequireAuthentication();
  });

  test.each([
    ['a scope that is missing', stepUp],
    ['another sign-in', signIn],
    ['a 401 without a challenge', new ChallengeError(401, null)],
    ['an answer', answer],
  ])('does not take %s', async (_name, got) => {
    expect(got).not.toRequireAuthentication();
    expect(
      await saidBy(() => {
        expect(got).toRequireAuthentication();
      }),
    ).toMatch(/^Expected a challenge to authenticate .+\nGot .+$/);
  });
});

describe('toBeToolError', () => {
  test('takes an error of the tool, with a part of its text or a pattern', async () => {
    expect(toolError).toBeToolError();
    expect(toolError).toBeToolError('stock');
    await expect(Promise.resolve(toolError)).toBeToolError(/left$/);
  });

  test.each([
    [toolError, 'gone', 'Expected a tool error with "gone".\nGot a tool error: no stock left'],
    [toolError, /^left/, 'Expected a tool error that matches /^left/.\nGot a tool error: no stock left'],
    [answer, '', "Expected a tool error.\nGot an answer: { content: [ { type: 'text', text: 'fine' } ] }"],
    [stepUp, 'gone', 'Expected a tool error with "gone".\nGot 403 Bearer insufficient_scope, asking for a b'],
  ])('says what it got instead', async (got, text, said) => {
    expect(
      await saidBy(() => {
        expect(got).toBeToolError(text);
      }),
    ).toBe(said);
    expect(got).not.toBeToolError(text === '' ? undefined : text);
  });

  test('a long answer is cut', async () => {
    const long = { content: [{ type: 'text', text: 'x'.repeat(10_000) }] };
    expect(
      (
        await saidBy(() => {
          expect(long).toBeToolError();
        })
      )?.length,
    ).toBeLessThan(600);
  });
});

describe('what was recorded', () => {
  let issuer: TestIssuer;
  let orders: TestDownstream;

  beforeAll(async () => {
    issuer = await TestIssuer.start();
    orders = await TestDownstream.start({ issuer, audience: 'orders-api' });
    orders.respond('/orders', []);
  });

  afterAll(() => Promise.all([orders.close(), issuer.close()]));

  beforeEach(() => {
    issuer.exchangeRequests.length = 0;
    orders.requests.length = 0;
  });

  const exchange = async (sub: string, form: Record<string, string>) =>
    await fetch(`${issuer.origin}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: await issuer.token({ sub }),
        ...form,
      }),
    });

  test('toHaveExchangedFor says every exchange that there was', async () => {
    expect(
      await saidBy(() => {
        expect(issuer).toHaveExchangedFor({ audience: 'orders-api' });
      }),
    ).toBe('Expected an exchange for orders-api.\nGot no exchanges at all');
    await exchange('bob', { audience: 'orders-api', scope: 'read write' });
    await exchange('carol', { resource: 'urn:billing' });
    issuer.failExchange({ error: 'invalid_target' });
    await exchange('dave', { audience: 'mail' });
    issuer.restoreExchange();
    expect(issuer).toHaveExchangedFor({ audience: 'orders-api', scopes: ['write', 'read'], subject: 'bob' });
    expect(issuer).toHaveExchangedFor({ audience: 'urn:billing', scopes: [], subject: 'carol' });
    const wanted = { audience: 'orders-api', scopes: ['read'], subject: 'carol' };
    expect(issuer).not.toHaveExchangedFor(wanted);
    expect(
      await saidBy(() => {
        expect(issuer).toHaveExchangedFor(wanted);
      }),
    ).toBe(
      [
        'Expected an exchange of carol for orders-api with scopes read.',
        'Got these exchanges:',
        '  of bob for orders-api with scopes read write',
        '  of carol for urn:billing without scopes',
        '  of dave for mail without scopes, refused: invalid_target',
      ].join('\n'),
    );
    expect(issuer).not.toHaveExchangedFor({ subject: 'dave' });
    expect(
      await saidBy(() => {
        expect(issuer).not.toHaveExchangedFor({ subject: 'bob' });
      }),
    ).toMatch(/^Expected not an exchange of bob\.\n/);
  });

  test('toHaveBeenCalledOnBehalfOf says every call that there was', async () => {
    const call = async (method: string, path: string, claims: Record<string, unknown>) => {
      const authorization = `Bearer ${await issuer.token(claims)}`;
      await fetch(`${orders.origin}${path}`, { method, headers: { authorization } });
    };
    expect(
      await saidBy(() => {
        expect(orders).toHaveBeenCalledOnBehalfOf('bob');
      }),
    ).toBe('Expected a call on behalf of bob.\nGot no calls at all');
    await call('GET', '/orders?page=2', { sub: 'bob', audience: 'orders-api' });
    await call('GET', '/orders', { sub: 'carol', audience: 'billing-api' });
    expect(orders).toHaveBeenCalledOnBehalfOf('bob');
    expect(orders).toHaveBeenCalledOnBehalfOf('bob', { method: 'GET', path: '/orders' });
    expect(orders).not.toHaveBeenCalledOnBehalfOf('bob', { method: 'POST' });
    expect(orders).not.toHaveBeenCalledOnBehalfOf('bob', { path: '/orders/7' });
    expect(
      await saidBy(() => {
        expect(orders).toHaveBeenCalledOnBehalfOf('carol', { path: '/orders' });
      }),
    ).toBe(
      [
        'Expected a call /orders on behalf of carol.',
        'Got these calls:',
        '  GET /orders?page=2 on behalf of bob',
        '  GET /orders, refused: its claim aud is not what it should be',
      ].join('\n'),
    );
  });

  test('neither takes anything else', async () => {
    expect(
      await saidBy(() => {
        expect(orders).toHaveExchangedFor({});
      }),
    ).toContain('takes a TestIssuer');
    expect(
      await saidBy(() => {
        expect(issuer).toHaveBeenCalledOnBehalfOf('bob');
      }),
    ).toContain('takes a TestDownstream');
  });
});
