import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Anonymous, clientSecretBasic, McpTool, type IssuerOptions, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { sendJson, TestIssuer } from '../support/test-issuer.js';
import { RESOURCE, Route, type WalkParts } from './walked.js';

let route: Route;
beforeEach(async () => {
  route = await Route.start();
});
afterEach(() => route.close());

const THUMBPRINT = createHash('sha256').update('a key').digest('base64url');

/** What is said of step 7. */
const told = async (parts: WalkParts) =>
  (await route.walk(parts)).filter(({ text }) => text.startsWith('Step 7')).map(({ code, text }) => `${code}: ${text}`);

test('a good token: each step is told', async () => {
  const steps = await route.stepsOf({ token: { client_id: 'assistant' } });
  expect(steps.map(({ code }) => code)).toEqual(['token_accepted', 'exchange_works', 'api_accepts']);
  expect(steps[0]?.text).toContain('It is of a user of the client assistant, and has the scopes orders:read.');
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ['for another server', { aud: 'https://other.example' }, /its aud is "https:\/\/other\.example", and wanted is/],
  ['of another issuer', { iss: 'https://other.example' }, /its iss is "https:\/\/other\.example"/],
  ['that has expired', { exp: 1 }, /its exp is 1970/],
])('a token %s is refused as the server would refuse it', async (_name, token, text) => {
  expect(await told({ token })).toEqual([expect.stringMatching(text)]);
});

const now = () => Math.floor(Date.now() / 1000);

test('a token from the future says by how much the clock of its issuer is ahead', async () => {
  const skewed = (await route.walk({ token: { iat: now() + 600, exp: now() + 900 } })).filter(
    ({ code }) => code === 'clock_skewed',
  );
  expect(skewed).toEqual([
    {
      code: 'clock_skewed',
      severity: 'error',
      subject: route.issuer.issuer,
      text: expect.stringMatching(/^Its clock is (?:599|600) seconds ahead of .*not valid yet.*NTP/),
    },
  ]);
});

test('an expired token may be a new one, of which the walk says the numbers', async () => {
  expect(await told({ token: { iat: now() - 600, exp: now() - 300 } })).toEqual([
    expect.stringMatching(
      /its exp is .*60\d seconds ago: if it was issued just now, the clock of this machine is ahead/,
    ),
  ]);
});

/** What the issuer says of opaque tokens, and of JWTs that it is asked about. */
function introspect(says: object): Partial<IssuerOptions> {
  route.issuer.answers.set('/introspect', (_request, response) => {
    sendJson(response, 200, says);
  });
  const endpoint = `${route.issuer.issuer}/introspect`;
  return { introspection: { endpoint, client: { id: 'mcp', authentication: clientSecretBasic('s') } } };
}

const always = (says: object): Partial<IssuerOptions> => {
  const { introspection } = introspect(says);
  return { introspection: { ...(introspection as NonNullable<typeof introspection>), jwt: 'always' } };
};

const ACTIVE = { active: true, sub: 'alice', aud: RESOURCE, scope: 'orders:read', client_id: 'assistant' };

describe('every way in which the server takes or refuses a token', () => {
  test.each<[string, () => WalkParts, RegExp]>([
    ['an opaque token that is active', () => ({ token: 'Gk2yR7mQ', trust: introspect(ACTIVE) }), /^token_accepted/],
    [
      'an opaque token that is not',
      () => ({ token: 'Gk2yR7mQ', trust: introspect({ active: false }) }),
      /^token_refused: .*is not active: .* says so to the client "mcp".*allow that client there to introspect/,
    ],
    [
      'an opaque token for another server',
      () => ({ token: 'Gk2yR7mQ', trust: introspect({ ...ACTIVE, aud: 'other' }) }),
      /^token_refused: .*its aud is "other", and wanted is "https:\/\/mcp/,
    ],
    [
      'an opaque token that nobody reads',
      () => ({ token: 'Gk2yR7mQ' }),
      /^token_refused: .*opaque.*set its `introspection`/,
    ],
    ['a JWT that is asked about', () => ({ token: {}, trust: always(ACTIVE) }), /^token_accepted/],
    [
      'a JWT that was revoked',
      () => ({ token: {}, trust: always({ active: false }) }),
      /^token_refused: .*The token is not active/,
    ],
    [
      'an issuer whose introspection fails',
      () => ({ token: {}, trust: always([]) }),
      /^token_refused: .*cannot be verified: .*introspection failed.*`introspection`/,
    ],
    [
      'what `validate` refuses',
      () => ({ token: {}, trust: { validate: () => Promise.reject(new Error('the department is closed')) } }),
      /^token_refused: .*`validate` of the issuer .* refused it: .*the department is closed/,
    ],
    ['what `validate` takes', () => ({ token: {}, trust: { validate: () => true } }), /^token_accepted/],
    [
      'a token without `aud`, which is accepted',
      () => ({
        token: { aud: undefined, client_id: 'assistant' },
        trust: { acceptMissingAudience: true, clients: ['assistant'] },
      }),
      /^token_accepted/,
    ],
    [
      'a token without `aud`, of another client',
      () => ({
        token: { aud: undefined, client_id: 'other' },
        trust: { acceptMissingAudience: true, clients: ['assistant'] },
      }),
      /^token_refused: .*its client is "other", and wanted is "assistant"/,
    ],
    [
      'a token without a required claim',
      () => ({ token: {}, trust: { requiredClaims: ['department'] } }),
      /^token_refused: .*its department is missing/,
    ],
    [
      'a token that the server got for itself',
      () => ({ token: { client_id: 'mcp' } }),
      /^token_refused: .*one of the server's own.*`acceptOwnTokens`/,
    ],
  ])('%s', async (_name, parts, expected) => {
    expect(await told(parts())).toEqual([expect.stringMatching(expected)]);
  });

  test('an issuer that is looked up is examined, too', async () => {
    const tenant = await TestIssuer.start('/realms/acme');
    tenant.answers.set('/.well-known/oauth-authorization-server/realms/acme', (_request, response) => {
      sendJson(response, 200, { ...tenant.metadata(), code_challenge_methods_supported: ['plain'] });
    });
    const pattern = tenant.issuer.replace('acme', '*');
    const issuerResolver = { pattern, resolve: (iss: string) => ({ issuer: iss }), advertised: [tenant.issuer] };
    const token = await tenant.token({ aud: RESOURCE });
    const findings = await route.walk({ token, options: { issuers: [], issuerResolver } });
    await tenant.close();
    expect(findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['token_accepted', 'pkce_not_advertised']));
  });
});

describe('a token that is bound to a key of its client', () => {
  const dpop: Partial<McpAuthModuleOptions> = { proof: { dpop: {} } };
  const mutualTls: Partial<McpAuthModuleOptions> = {
    proof: { mutualTls: { certificate: { header: 'x-client-cert', proxies: ['127.0.0.1'] } } },
  };

  test.each<[string, WalkParts, readonly RegExp[]]>([
    [
      'is walked without its proof, which is said',
      { token: { cnf: { jkt: THUMBPRINT } }, options: dpop },
      [/^token_accepted/, /^proof_not_tried: .*a key \(DPoP\) of its client. The doctor does not have that/],
    ],
    [
      'by mTLS, likewise',
      { token: { cnf: { 'x5t#S256': THUMBPRINT } }, options: mutualTls },
      [/^token_accepted/, /^proof_not_tried: .*a certificate \(mTLS\)/],
    ],
    [
      'is refused where that is not supported',
      { token: { cnf: { jkt: THUMBPRINT } } },
      [/^token_refused: .*its cnf has jkt\. Set `proof\.dpop`/],
    ],
    [
      'is missing where it is required',
      { token: {}, options: { proof: { dpop: { required: true } } } },
      [/^token_refused: .*not bound to a key, as it has to be: its cnf is missing.*`proof\.dpop\.required`/],
    ],
  ])('%s', async (_name, parts, expected) => {
    expect(await told(parts)).toEqual(expected.map((one) => expect.stringMatching(one) as unknown));
  });
});

@Injectable()
class Tools {
  @McpTool({ description: 'x', scopes: ['orders:read'], downstream: 'orders' })
  find(): string {
    return 'found';
  }
  @McpTool({ description: 'x', scopes: { anyOf: ['orders:read', 'orders:admin'] } })
  list(): string {
    return 'listed';
  }
  @McpTool({ description: 'x', scopes: ['orders:write'] })
  @Anonymous()
  open(): string {
    return 'open';
  }
}

@Injectable()
class WritingTools {
  @McpTool({ description: 'x', scopes: ['orders:write'] })
  write(): string {
    return 'written';
  }
}

describe('step 8', () => {
  const step8 = async (parts: WalkParts) =>
    (await route.stepsOf(parts))
      .filter(({ text }) => text.startsWith('Step 8'))
      .map(({ code, text }) => `${code}: ${text}`);

  test.each<[string, WalkParts, RegExp]>([
    ['has all scopes', { token: {}, tools: [Tools] }, /^token_has_scopes: Step 8: .*\(3\)/],
    [
      'lacks one',
      { token: {}, tools: [Tools, WritingTools] },
      /^token_lacks_scopes: Step 8: the token has no orders:write.*the client of the user/,
    ],
    [
      'has one that implies it',
      {
        token: { scope: 'orders' },
        tools: [Tools, WritingTools],
        options: { scopes: { hierarchy: { orders: ['orders:read', 'orders:write'] } } },
      },
      /^token_has_scopes/,
    ],
  ])('a token that %s', async (_name, parts, expected) => {
    expect(await step8(parts)).toEqual([expect.stringMatching(expected)]);
  });
});
