import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { clientSecretBasic, dialects, type DownstreamOptions, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { Route, type WalkParts } from './walked.js';

let route: Route;
beforeEach(async () => {
  route = await Route.start();
});
afterEach(() => route.close());

/** Steps 9 and 10, as texts. */
async function told(parts: WalkParts): Promise<readonly string[]> {
  const steps = await route.stepsOf({ token: {}, ...parts });
  return steps
    .filter(({ text }) => /^Step (9|10)/.test(text))
    .map(({ code, severity, text }) => `${severity} ${code}: ${text}`);
}

const orders = (options: Partial<DownstreamOptions>): Partial<McpAuthModuleOptions> => ({
  downstreams: { orders: { baseUrl: route.api.origin, ...options } },
});

const expected = (texts: readonly RegExp[]) => texts.map((text) => expect.stringMatching(text) as unknown);

describe('step 9', () => {
  test('the claims by which the API decides are told, and never the token', async () => {
    const [exchange] = await told({});
    expect(exchange).toMatch(
      /^info exchange_works: Step 9: A token for orders \(audience=orders-api\) was asked of http.*: iss "http.*", aud "orders-api", sub "alice".*client_id "test-client", act\.sub "mcp-server", exp 20\d\d-/,
    );
  });

  test.each<[string, () => WalkParts, object | undefined, readonly RegExp[]]>([
    [
      'an opaque token',
      () => ({}),
      {
        access_token: 'Pq8sT2vW',
        token_type: 'Bearer',
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        expires_in: 300,
      },
      [/^info exchange_works: .*opaque \(8 characters\).*good for 300 s/, /^info api_accepts/],
    ],
    [
      'of the server itself',
      () => ({ options: orders({ audience: 'orders-api', dialect: dialects.clientCredentials() }) }),
      undefined,
      [/^info exchange_works: .*, as the server itself\. A token came back: .*aud "orders-api"/, /^info api_accepts/],
    ],
    [
      'of Entra ID, on behalf of the user',
      () => ({
        trust: { scopePrefix: '' },
        options: orders({ scopes: ['api://orders/.default'], dialect: dialects.entraOnBehalfOf() }),
      }),
      { access_token: 'Pq8sT2vW', token_type: 'Bearer', expires_in: 300 },
      [/^info exchange_works: .*scope=api:\/\/orders\/\.default/, /^info api_accepts/],
    ],
    [
      'none, for a public API',
      () => ({ options: orders({ dialect: dialects.none() }) }),
      undefined,
      [/^info exchange_works: .*orders is called without a token \(dialect none\)/, /^info api_accepts/],
    ],
    [
      'for a caller without a user',
      () => ({ token: { sub: 'robot', client_id: 'robot' } }),
      undefined,
      [/^warning caller_has_to_act: .*no user.*Walk the token of a user.*`onAppOnly: 'clientCredentials'`/],
    ],
    [
      'for a caller without a user, as the server itself',
      () => ({
        token: { sub: 'robot', client_id: 'robot' },
        options: orders({ audience: 'orders-api', onAppOnly: 'clientCredentials' }),
      }),
      undefined,
      [/^info exchange_works/, /^info api_accepts/],
    ],
    [
      'of an account that is not linked',
      () => ({
        options: orders({
          linked: {
            issuer: route.issuer.issuer,
            client: { id: 'mcp-at-orders', authentication: clientSecretBasic('x') },
            title: 'Orders',
          },
        } as unknown as Partial<DownstreamOptions>),
      }),
      undefined,
      [/^warning caller_has_to_act: .*not linked an account.*Have the user link an account.*`replicas\.store`/],
    ],
  ])('a token %s', async (_name, parts, answer, texts) => {
    if (answer) route.answer(200, answer);
    expect(await told(parts())).toEqual(expected(texts));
  });

  test.each<[string, number, object, () => WalkParts, RegExp]>([
    [
      'the secret',
      401,
      { error: 'invalid_client' },
      () => ({}),
      /^error client_rejected: Step 9: .*What came back: .*401/,
    ],
    ['the token', 400, { error: 'invalid_grant' }, () => ({}), /^error exchange_refused: .*The token is good here/],
    [
      'a scope, for which the client is told to step up',
      400,
      { error: 'invalid_scope' },
      () => ({ options: orders({ audience: 'orders-api', scopes: ['view'], scopeMap: { view: ['orders:view'] } }) }),
      /^warning caller_has_to_act: .*the challenge insufficient_scope for orders:view/,
    ],
    [
      'the sign-in',
      400,
      { error: 'interaction_required' },
      () => ({}),
      /^warning caller_has_to_act: .*the challenge insufficient_user_authentication/,
    ],
    [
      'consent',
      400,
      { error: 'consent_required' },
      () => ({ options: orders({ audience: 'orders-api', consentUrl: 'https://acme.example/consent' }) }),
      /^warning caller_has_to_act: .*Have the user consent.*`consentUrl`/,
    ],
  ])('a provider that refuses %s', async (_name, status, body, parts, text) => {
    route.answer(status, body);
    expect(await told(parts())).toEqual(expected([text]));
  });

  test('a token for another audience, and with fewer scopes, than were asked for', async () => {
    const other = await route.issuer.token({ aud: 'account' });
    route.answer(200, {
      access_token: other,
      token_type: 'Bearer',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      scope: 'view',
    });
    expect(await told({ options: orders({ audience: 'orders-api', scopes: ['view', 'cancel'] }) })).toEqual(
      expected([
        /^info exchange_works: .*aud "account".*granted are the scopes view/,
        /^warning exchange_incomplete: Step 9: orders-api was asked for as `audience`, and the aud of the token is "account"/,
        /^warning exchange_incomplete: Step 9: the scopes cancel were asked for/,
        /^info api_accepts/,
      ]),
    );
  });
});

test.each([
  [120, /^warning clock_skewed: Its clock is (?:119|120) seconds ahead of .*`clockToleranceMs: 1[45]\d000`/],
  [-120, /^warning clock_skewed: Its clock is 12\d seconds behind .*expire 12\d seconds too early/],
])('a token that is made just now tells the clock of its issuer: %d seconds', async (seconds, text) => {
  const iat = Math.floor(Date.now() / 1000) + seconds;
  route.answer(200, {
    access_token: await route.issuer.token({ aud: 'orders-api', iat, exp: iat + 900 }),
    token_type: 'Bearer',
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  });
  const findings = await route.walk({ token: {} });
  expect(findings.map(({ severity, code, text: said }) => `${severity} ${code}: ${said}`)).toContainEqual(
    expect.stringMatching(text),
  );
});

describe('step 10', () => {
  const call = async (status: number, headers: Record<string, string> = {}, parts: WalkParts = {}) => {
    route.api.answers.set('/', (_request, response) => {
      response.writeHead(status, headers).end();
    });
    return (await told(parts)).filter((text) => text.includes('Step 10'));
  };

  test.each<[number, Record<string, string>, RegExp]>([
    [200, {}, /^info api_accepts: Step 10: GET http.*\/ was sent\. What came back: status 200/],
    [
      401,
      { 'www-authenticate': 'Bearer error="invalid_token", error_description="wrong audience"' },
      /^error api_refuses_token: .*status 401, WWW-Authenticate "Bearer error=.*wrong audience.*its audience with aud/,
    ],
    [401, {}, /^error api_refuses_token: .*no gateway before it removes the header Authorization/],
    [
      403,
      { 'www-authenticate': 'Bearer error="insufficient_scope", scope="orders.admin"' },
      /^warning api_refuses_token: .*`downstreams\.orders\.scopes` \(now: none\)/,
    ],
    [403, {}, /^warning api_refuses_token: .*the role/],
    [404, {}, /^info api_says_little: .*`--call orders:\/status`/],
    [200, { 'content-type': 'text/html' }, /^info api_says_little: .*it may be one for signing in/],
  ])('an API that answers %d %j', async (status, headers, text) => {
    expect(await call(status, headers)).toEqual(expected([text]));
  });

  test('an API that fails', async () => {
    const downstream = orders({ audience: 'orders-api', http: { retries: 0 } });
    expect(await call(503, {}, { options: downstream })).toEqual(
      expected([/^error api_unreachable: .*status 503.*Look into the log of orders/]),
    );
  });

  test('an API that is not there', async () => {
    const baseUrl = route.api.origin;
    await route.api.close();
    const downstreams = { orders: { baseUrl, audience: 'orders-api', http: { retries: 0 } } };
    expect((await told({ options: { downstreams } })).at(-1)).toMatch(
      /^error api_unreachable: .*ECONNREFUSED.*reaches/,
    );
  });

  test('what it is called for can be said, with the token that the API gets from tools', async () => {
    const calls = [
      { downstream: 'orders', method: 'GET', path: '/orders/1' },
      { downstream: 'orders', method: 'HEAD', path: '/orders' },
    ] as const;
    expect((await told({ calls })).filter((text) => text.includes('api_accepts'))).toHaveLength(2);
    expect(route.api.requests.map(({ method, path, claims }) => [method, path, claims?.aud]).sort()).toEqual([
      ['GET', '/orders/1', 'orders-api'],
      ['HEAD', '/orders', 'orders-api'],
    ]);
  });

  test('nothing is called without a token', async () => {
    route.answer(401, { error: 'invalid_client' });
    await told({});
    expect(route.api.requests).toEqual([]);
  });
});
