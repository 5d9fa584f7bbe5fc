import { describe, expect, test } from '@jest/globals';
import { Test } from '@nestjs/testing';
import {
  clientSecretBasic,
  dialects,
  McpAuthConfigurationError,
  McpAuthModule,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
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
    if (error instanceof McpAuthConfigurationError) return { problems: error.problems, log: log.text };
    throw error;
  }
}

test('accounts that are kept in this process alone are worth a warning', async () => {
  const { problems, log } = await boot({ client, downstreams: { crm } });
  expect(problems).toEqual([]);
  expect(log).toMatch(/warn.*Accounts linked at crm are lost when this process ends.*tokenCache\.store/);
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
      'a reserved parameter',
      { client, downstreams: { crm: { ...crm, linked: { ...linked, authorizationParameters: { state: 'x' } } } } },
      /^`downstreams\.crm\.linked\.authorizationParameters` has one that is reserved/,
    ],
    [
      'an exchange besides',
      { client, downstreams: { crm: { ...crm, audience: 'crm', dialect: dialects.okta() } } },
      /^`downstreams\.crm\.(audience|dialect)` has no effect beside `linked`/,
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
      'linking, with nothing to link',
      { client, linking: { subjectClaim: 'oid' } },
      /^`linking` has no effect without a downstream that has `linked`/,
    ],
    [
      'tokens bound to a key of the server’s',
      { client, downstreams: { crm: { ...crm, dpop: true } } },
      /^`downstreams\.crm\.dpop` has no effect beside `linked`/,
    ],
  ])('%s', async (_name, options, problem) => {
    const { problems } = await boot(options);
    expect(problems[0]).toMatch(problem);
  });
});
