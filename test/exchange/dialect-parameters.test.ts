import { expect, test } from '@jest/globals';
import { clientSecretPost, dialects } from 'nestjs-mcp-auth';
import type { ExchangeDialect, FormParameters } from 'nestjs-mcp-auth/dialects';
import { RESERVED_PARAMETERS } from '../../lib/on-behalf-of/dialects/reserved-parameters.js';

const authorizationServer = {
  issuer: 'https://a.example',
  client: { id: 'mcp', authentication: clientSecretPost('s3cret') },
};

/** What was to be replaced, had the check at boot let it pass. */
const HOSTILE = Object.fromEntries([...RESERVED_PARAMETERS].map((name) => [name, 'hostile']));

test.each<[string, ExchangeDialect, readonly string[]]>([
  ['rfc8693', dialects.rfc8693(), ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'scope']],
  [
    'rfc8693 with an actor',
    dialects.rfc8693({ actor: { token: 'actor' } }),
    ['subject_token', 'actor_token', 'actor_token_type'],
  ],
  ['keycloak', dialects.keycloak(), ['subject_token', 'subject_token_type', 'requested_token_type', 'audience']],
  ['entraOnBehalfOf', dialects.entraOnBehalfOf(), ['assertion', 'requested_token_use', 'scope', 'claims']],
  ['okta', dialects.okta(), ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'scope']],
  ['auth0', dialects.auth0(), ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'scope']],
  [
    'auth0TokenVault',
    dialects.auth0TokenVault({ connection: 'x' }),
    ['subject_token', 'subject_token_type', 'requested_token_type', 'connection', 'login_hint'],
  ],
  ['clientCredentials', dialects.clientCredentials(), ['audience', 'resource', 'scope']],
  [
    'identityAssertion',
    dialects.identityAssertion({ authorizationServer }),
    ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'resource', 'scope'],
  ],
  [
    'jwtBearer',
    dialects.jwtBearer({ authorizationServer }),
    ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'resource', 'scope'],
  ],
])('what %s sets is not replaced by parameters of the downstream', async (_name, dialect, own) => {
  const sent: FormParameters[] = [];
  const exchange = dialect.exchange({
    target: { name: 'orders', audience: 'api', resource: undefined, scopes: ['api://a/b'], parameters: HOSTILE },
    caller: { issuer: 'https://id.example', subject: 'alice', claims: {} } as never,
    subjectToken: 'subject',
    claims: undefined,
    tokenEndpoint: {
      request: (_grant, parameters) => {
        sent.push(parameters);
        return Promise.reject(new Error('seen'));
      },
    },
  });
  await expect(exchange).rejects.toThrow('seen');
  expect(sent).toHaveLength(1);
  expect(own.filter((name) => sent[0]?.[name] === 'hostile')).toEqual([]);
});

test('a name that a server has of its own is not replaced either', async () => {
  const sent: FormParameters[] = [];
  const dialect = dialects.rfc8693({ parameterNames: { audience: 'target' } });
  await dialect.exchange({
    target: { name: 'orders', audience: 'api', resource: undefined, scopes: [], parameters: { target: 'hostile' } },
    caller: undefined,
    subjectToken: 'subject',
    claims: undefined,
    tokenEndpoint: {
      request: (_grant, parameters) => {
        sent.push(parameters);
        const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token';
        return Promise.resolve({ access_token: 'a', token_type: 'bearer', issued_token_type });
      },
    },
  });
  expect(sent).toEqual([expect.objectContaining({ target: 'api' })]);
});
