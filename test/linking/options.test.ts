import { describe, expect, test } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { clientSecretBasic, dialects, errors, McpAuthModule, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { optionsFor } from '../support/module-options.js';
import { RecordingLogger } from '../support/recording-logger.js';

const authentication = clientSecretBasic('s3cret');
const client = { id: 'mcp', authentication };
const linked = { issuer: 'https://partner.example', client };
const crm = { baseUrl: 'https://crm.example', linked };

/** What stops the boot; nothing where it does not stop, and what was logged. */
async function boot(options: Partial<McpAuthModuleOptions>): Promise<{ problems: readonly string[]; log: string }> {
  const log = new RecordingLogger();
  const module = McpAuthModule.forRoot(optionsFor('https://mcp.example', 'https://id.example', options));
  try {
    const testing = await Test.createTestingModule({ imports: [module] })
      .setLogger(log)
      .compile();
    await testing.init();
    await testing.close();
    return { problems: [], log: log.text };
  } catch (error) {
    if (error instanceof errors.McpAuthConfigurationError) return { problems: error.problems, log: log.text };
    throw error;
  }
}

test('accounts that are kept in this process alone are worth a warning', async () => {
  const { problems, log } = await boot({ client, downstreams: { crm } });
  expect(problems).toEqual([]);
  expect(log).toMatch(/warn.*Accounts linked at crm are lost when this process ends.*replicas\.store/);
});

test('nor is there a page without anything to link', async () => {
  const { log } = await boot({ client });
  expect(log).not.toContain('Accounts linked at');
});

test.each([
  ['for all issuers', { client }],
  ['for each issuer', { client: [{ ...client, issuer: 'https://id.example' }] }],
  ['with one claim that names users', { client, subjectClaim: 'oid' }],
  ['with two claims that name users', { client, subjectClaim: { accessToken: 'uid', idToken: 'sub' } }],
])('a client of its own may be given %s', async (_name, linking) => {
  expect((await boot({ downstreams: { crm }, linking })).problems).toEqual([]);
});

test('a server without metadata is told by its endpoints', async () => {
  const endpoints = {
    authorizationEndpoint: 'https://partner.example/authorize',
    tokenEndpoint: 'https://partner.example/token',
    client,
  };
  expect(await boot({ client, downstreams: { crm: { ...crm, linked: endpoints } } })).toMatchObject({ problems: [] });
});

describe('what stops the boot', () => {
  test.each<[string, Partial<McpAuthModuleOptions>, RegExp]>([
    [
      'no server',
      { client, downstreams: { crm: { ...crm, linked: { client } } } },
      /^`downstreams\.crm\.linked\.issuer` is missing\. Name/,
    ],
    [
      'half of the endpoints',
      { client, downstreams: { crm: { ...crm, linked: { client, tokenEndpoint: 'https://partner.example/token' } } } },
      /^`downstreams\.crm\.linked\.authorizationEndpoint` is missing/,
    ],
    [
      'a server over plain http',
      { client, downstreams: { crm: { ...crm, linked: { client, issuer: 'http://partner.example' } } } },
      /^`downstreams\.crm\.linked\.issuer` is plain http/,
    ],
    [
      'endpoints and an address of metadata',
      {
        client,
        downstreams: {
          crm: {
            ...crm,
            linked: {
              client,
              authorizationEndpoint: 'https://partner.example/authorize',
              tokenEndpoint: 'https://partner.example/token',
              metadataUrl: 'https://partner.example/metadata',
            },
          },
        },
      },
      /^`downstreams\.crm\.linked\.metadataUrl` has no effect, because the endpoints are given/,
    ],
    [
      'a revocation endpoint alone',
      {
        client,
        downstreams: { crm: { ...crm, linked: { ...linked, revocationEndpoint: 'https://partner.example/revoke' } } },
      },
      /^`downstreams\.crm\.linked\.revocationEndpoint` has no effect without the other endpoints/,
    ],
    [
      'an endpoint with a query',
      {
        client,
        downstreams: {
          crm: {
            ...crm,
            linked: {
              client,
              authorizationEndpoint: 'https://partner.example/authorize?x=y',
              tokenEndpoint: 'https://partner.example/token',
            },
          },
        },
      },
      /^`downstreams\.crm\.linked\.authorizationEndpoint` has a query/,
    ],
    [
      'no registration at the server',
      { client, downstreams: { crm: { ...crm, linked: { issuer: linked.issuer } as typeof linked } } },
      /^`downstreams\.crm\.linked\.client` is missing/,
    ],
    [
      'a registration without authentication',
      {
        client,
        downstreams: { crm: { ...crm, linked: { ...linked, client: { id: 'mcp' } as typeof client } } },
      },
      /^`downstreams\.crm\.linked\.client\.authentication` is/,
    ],
    [
      'an option of another name',
      { client, downstreams: { crm: { ...crm, linked: { ...linked, scopes: ['a'] } as typeof linked } } },
      /^`downstreams\.crm\.linked\.scopes` is not an option/,
    ],
    [
      'several resources, for which there is but one account',
      { client, downstreams: { crm: { ...crm, resource: ['https://a.example', 'https://b.example'] } } },
      /^`downstreams\.crm\.resource` is a list/,
    ],
    [
      'callers without a user, who have no accounts',
      { client, downstreams: { crm: { ...crm, onAppOnly: 'clientCredentials' } } },
      /^`downstreams\.crm\.onAppOnly` has no effect with `linked`/,
    ],
    [
      'callers of whom nobody knows who they are',
      { issuers: [], access: { anonymous: true }, downstreams: { crm } },
      /^`downstreams` cannot be called for anonymous callers/,
    ],
    [
      'a reserved parameter',
      { client, downstreams: { crm: { ...crm, linked: { ...linked, authorizationParameters: { state: 'x' } } } } },
      /^`downstreams\.crm\.linked\.authorizationParameters` has one that is reserved/,
    ],
    [
      'an exchange besides',
      { client, downstreams: { crm: { ...crm, audience: 'crm', dialect: dialects.okta() } } },
      /^`downstreams\.crm\.(audience|dialect)` has no effect with `linked`/,
    ],
    [
      'nobody whom users could sign in with',
      { downstreams: { crm } },
      /^`client` is missing, but users sign in with it/,
    ],
    [
      'a client of an issuer that there is not',
      { downstreams: { crm }, linking: { client: { ...client, issuer: 'https://other.example' } } },
      /^`linking\.client\.issuer` is not among `issuers`/,
    ],
    [
      'two clients of one issuer',
      { downstreams: { crm }, linking: { client: [client, client] } },
      /^`linking\.client` has two for one issuer/,
    ],
    [
      'a client of one of several issuers',
      {
        issuers: [{ issuer: 'https://id.example' }, { issuer: 'https://other.example' }],
        downstreams: { crm },
        linking: { client },
      },
      /^`linking\.client\.issuer` is missing, but there are several `issuers`/,
    ],
    [
      'a subject that is no claim',
      { client, downstreams: { crm }, linking: { subjectClaim: { accessToken: 'uid' } as never } },
      /^`linking\.subjectClaim` is neither the name of a claim nor two names/,
    ],
    [
      'users whom introspection names by something that ID tokens do not have',
      {
        client,
        issuers: [{ issuer: 'https://id.example', introspection: { subjectClaim: 'username' } }],
        downstreams: { crm },
      },
      /^`linking\.subjectClaim` is missing, but `introspection` of https:\/\/id\.example names users by `username`/,
    ],
    [
      'linking, with nothing to link',
      { client, linking: { subjectClaim: 'oid' } },
      /^`linking` has no effect without a downstream that has `linked`/,
    ],
    [
      'tokens bound to a key of the server’s',
      { client, downstreams: { crm: { ...crm, dpop: true } } },
      /^`downstreams\.crm\.dpop` has no effect with `linked`/,
    ],
  ])('%s', async (_name, options, problem) => {
    const { problems } = await boot(options);
    expect(problems[0]).toMatch(problem);
  });
});
