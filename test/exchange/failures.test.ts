import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { skipPausesOfTokenEndpoints } from '../support/pauses.js';
import { callEither, EagerAndLazy, refuseAtProvider } from './eager-and-lazy.js';

let server: DownstreamServer;

beforeAll(async () => {
  server = await startDownstreamServer({
    providers: [EagerAndLazy],
    orders: { scopeMap: { write: ['orders:write'], 'api.admin': ['orders:admin'] } },
  });
});
beforeEach(() => {
  skipPausesOfTokenEndpoints();
});
afterEach(() => {
  jest.restoreAllMocks();
  server.issuer.answers.clear();
  server.orders.answers.clear();
  server.orders.requests.length = 0;
});
afterAll(() => server.close());

const call = (tool: string, claims?: Record<string, unknown>) => callEither(server, tool, claims);

const CLAIMS = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';

const CALLER: [string, number, object, number, RegExp][] = [
  ['a session that is over', 400, { error: 'invalid_grant' }, 401, /error="invalid_token".*scope="tool"/],
  ['Keycloak: a session that is over', 400, { error: 'invalid_request' }, 401, /error="invalid_token"/],
  ['a token that was revoked', 400, { error: 'invalid_grant', suberror: 'bad_token' }, 401, /error="invalid_token"/],
  [
    'Entra ID: conditional access',
    400,
    { error: 'interaction_required', suberror: 'message_only', claims: CLAIMS, error_codes: [53003] },
    401,
    new RegExp(`error="insufficient_claims".*claims="${Buffer.from(CLAIMS).toString('base64')}"`),
  ],
  [
    'Entra ID: claims beside invalid_grant',
    400,
    { error: 'invalid_grant', claims: CLAIMS },
    401,
    /error="insufficient_claims"/,
  ],
  [
    'a second factor',
    400,
    { error: 'interaction_required', suberror: 'basic_action' },
    401,
    /error="insufficient_user_authentication"/,
  ],
  [
    'Entra ID: a password that expired',
    400,
    { error: 'invalid_grant', suberror: 'user_password_expired', error_codes: [50055] },
    401,
    /error="insufficient_user_authentication"/,
  ],
  ['Auth0: a second factor', 403, { error: 'mfa_required' }, 401, /error="insufficient_user_authentication"/],
  ['a sign-in', 400, { error: 'login_required' }, 401, /error="insufficient_user_authentication"/],
  [
    'RFC 9470 at the token endpoint',
    400,
    { error: 'insufficient_user_authentication', acr_values: 'gold silver', max_age: 60 },
    401,
    /error="insufficient_user_authentication".*acr_values="gold silver", max_age="60"/,
  ],
  ['a missing consent', 400, { error: 'invalid_scope' }, 403, /error="insufficient_scope".*scope="tool orders:write"/],
  [
    'Entra ID: a missing consent',
    400,
    { error: 'invalid_grant', suberror: 'consent_required', error_codes: [65001] },
    403,
    /error="insufficient_scope".*scope="tool orders:write"/,
  ],
];

describe.each(['eager', 'lazy'])('what the caller can mend is a challenge of HTTP (%s)', (tool) => {
  test.each(CALLER)('%s', async (_name, status, body, expected, challenge) => {
    refuseAtProvider(server, status, { error_description: 'AADSTS PROSE', ...body });
    const answer = await call(tool);
    expect(answer.status).toBe(expected);
    expect(answer.challenge).toMatch(challenge);
    expect(answer.challenge).toContain('resource_metadata=');
    expect(answer.text + String(answer.challenge)).not.toContain('PROSE');
    expect(server.orders.requests).toEqual([]);
  });

  test.each([
    ['access_denied', 'The user said: Policy evaluation failed for this request'],
    ['access_denied', 'Access was denied by a rule of the tenant'],
    ['invalid_scope', 'scope exceeds what was granted'],
    ['access_denied', 'Client is authorized'],
  ])('prose that is not the documented one decides nothing: %s, %s', async (error, error_description) => {
    refuseAtProvider(server, 403, { error, error_description });
    expect((await call(tool)).text).not.toContain('This server is not set up');
  });

  test('prose decides nothing', async () => {
    refuseAtProvider(server, 400, {
      error: 'invalid_target',
      error_description: 'AADSTS65001: consent_required invalid_grant',
    });
    expect((await call(tool)).status).toBe(200);
  });
});

const OPERATOR: [string, number, object | string][] = [
  ['bad credentials', 401, { error: 'invalid_client' }],
  ['Auth0: bad credentials', 401, { error: 'access_denied', error_description: 'Unauthorized' }],
  ['Keycloak: bad credentials', 401, { error: 'unauthorized_client' }],
  ['a grant that the client may not use', 400, { error: 'unauthorized_client' }],
  ['a grant that the server does not know', 400, { error: 'unsupported_grant_type' }],
  ['an unknown target', 400, { error: 'invalid_target' }],
  ['Entra ID: an unknown target', 400, { error: 'invalid_resource', error_codes: [500011] }],
  ['a proof that is not good', 400, { error: 'invalid_dpop_proof' }],
  ['an error that nobody knows', 400, { error: 'whatever' }],
  // Their `error` alone would be the user's, and a scope that `scopeMap` has.
  ...(
    [
      [
        'Okta: no policy',
        400,
        'access_denied',
        'Policy evaluation failed for this request, please check the policy configurations.',
      ],
      ['Okta: no policy, with 401', 401, 'access_denied', 'Policy evaluation failed for this request.'],
      [
        'Okta: no such scope',
        400,
        'invalid_scope',
        'One or more scopes are not configured for the authorization server resource.',
      ],
      [
        'Auth0: no client grant',
        403,
        'access_denied',
        'Client is not authorized to access "https://orders.example". You need to create a "client-grant" associated to this API.',
      ],
      ['Auth0: no such API', 403, 'access_denied', 'Service not found: https://orders.example'],
      [
        'Auth0: no such API, in a token request',
        403,
        'access_denied',
        'Service not enabled within domain: https://orders.example',
      ],
      ['Keycloak: a scope that is not assigned', 400, 'invalid_scope', 'Invalid scopes: write'],
      [
        'Entra ID: a scope that is none',
        400,
        'invalid_scope',
        'AADSTS70011: The provided value for scope is not valid.',
      ],
    ] as const
  ).map(([name, status, error, error_description]): [string, number, object] => [
    name,
    status,
    { error, error_description },
  ]),
  ['no error at all', 404, '<h1>Not found</h1>'],
  ['a redirect', 302, ''],
  ['200 with HTML', 200, '<h1>Sign in</h1>'],
  ['200 with JSON that is no answer', 200, { hello: 'world' }],
  ['another type of token', 200, { access_token: 'a', token_type: 'mac', issued_token_type: 'x' }],
];

describe.each(['eager', 'lazy'])('what the operator has to mend is told to the operator (%s)', (tool) => {
  test.each(OPERATOR)('%s', async (_name, status, body) => {
    refuseAtProvider(server, status, body);
    const { log } = server;
    const before = log.lines.length;
    const answer = await call(tool);
    expect(answer).toMatchObject({ status: 200, challenge: null, result: { isError: true } });
    expect(answer.text).toMatch(/This server is not set up to call the orders API for you\. Tell its operator\./);
    expect(answer.text).not.toMatch(/invalid_|whatever|token/);
    expect(log.lines.slice(before).filter((line) => line.startsWith('error'))).not.toEqual([]);
  });
});

const PASSING: [string, number, object | string, Record<string, string>, RegExp][] = [
  ['a provider that fails', 500, { error: 'server_error' }, {}, /Try again later/],
  ['a gateway in front of it', 502, '<h1>Bad gateway</h1>', {}, /Try again later/],
  ['too many requests', 429, { error: 'slow_down' }, { 'retry-after': '120' }, /Try again in 120 seconds/],
  ['a proxy that ran out of time', 408, '', {}, /Try again later/],
  ['a maintenance', 503, '', { 'retry-after': '3600' }, /Try again in 3600 seconds/],
  ['an error that says so', 400, { error: 'temporarily_unavailable' }, {}, /Try again later/],
];

describe.each(['eager', 'lazy'])('what passes can be tried again, and nobody has to sign in for it (%s)', (tool) => {
  test.each(PASSING)('%s', async (_name, status, body, headers, text) => {
    refuseAtProvider(server, status, body, headers);
    const answer = await call(tool);
    expect(answer).toMatchObject({ status: 200, challenge: null, result: { isError: true } });
    expect(answer.text).toMatch(text);
    const { 'retry-after': after } = headers;
    expect(answer.result?._meta).toMatchObject({
      'nestjs-mcp-auth/retry': {
        retryable: true,
        ...(after !== undefined && { retryAfterMs: Number(after) * 1000 }),
      },
    });
  });
});

test('a client that acts for itself is not challenged: nobody is there to sign in', async () => {
  const answer = await call('eager', { sub: 'test-client' });
  expect(answer).toMatchObject({ status: 200, challenge: null, result: { isError: true } });
  expect(answer.result?._meta).toMatchObject({
    'io.modelcontextprotocol/authorization': { reason: 'insufficient_authorization', remediation: 'unavailable' },
  });
  expect(server.issuer.exchanges.filter(({ subject_token }) => subject_token === undefined)).toEqual([]);
});
