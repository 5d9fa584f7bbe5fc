import { expect, test } from '@jest/globals';
import { Test } from '@nestjs/testing';
import {
  clientSecretBasic,
  dialects,
  errors,
  McpAuthModule,
  providers,
  type DownstreamOptions,
  type IssuerOptions,
} from 'nestjs-mcp-auth';
import { optionsFor } from '../support/module-options.js';

const cognito = providers.cognito({ userPoolId: 'eu-central-1_AbCdEf123', clients: ['app'] });
const adfs = providers.adfs({ host: 'adfs.acme.example' });
const xsuaa = providers.xsuaa({ url: 'https://acme.authentication.eu10.hana.ondemand.com', xsappname: 'x!t1' });
const keycloak = providers.keycloak({ url: 'https://id.acme.example', realm: 'acme' });
const API = 'https://orders.acme.example';

async function bootProblems(issuers: readonly IssuerOptions[], orders: Partial<DownstreamOptions>): Promise<string> {
  const options = optionsFor('https://mcp.acme.example', '', {
    issuers,
    client: issuers.map(({ issuer }) => ({ id: 'mcp', issuer, authentication: clientSecretBasic('s3cret') })),
    downstreams: { orders: { baseUrl: API, ...orders } },
  });
  const boot = () => Test.createTestingModule({ imports: [McpAuthModule.forRoot(options)] }).compile();
  const thrown: unknown = await Promise.resolve()
    .then(boot)
    .catch((error: unknown) => error);
  return thrown instanceof errors.McpAuthConfigurationError ? thrown.message : '';
}

test.each<[string, readonly IssuerOptions[], Partial<DownstreamOptions>, RegExp]>([
  [
    'Cognito exchanges nothing',
    [cognito],
    { audience: 'orders' },
    /dialect rfc8693.*needs the grant .*token-exchange.*`linked`/,
  ],
  ['AD FS knows no RFC 8693', [adfs], { audience: 'orders' }, /dialect rfc8693/],
  ['XSUAA is no Keycloak', [xsuaa], { audience: 'orders', dialect: dialects.keycloak() }, /dialect keycloak/],
  [
    'one of two issuers cannot',
    [keycloak, cognito],
    { audience: 'orders' },
    /dialect rfc8693.*but https:\/\/cognito-idp/,
  ],
  [
    'nor in a form of its own',
    [keycloak, cognito],
    { audience: 'orders', byIssuer: { [cognito.issuer]: { audience: 'orders' } } },
    /dialect rfc8693.*but https:\/\/cognito-idp/,
  ],
])('%s: the boot stops', async (_name, issuers, orders, problem) => {
  expect(await bootProblems(issuers, orders)).toMatch(problem);
});

test.each<[string, readonly IssuerOptions[], Partial<DownstreamOptions>]>([
  ['Cognito as the server itself', [cognito], { scopes: ['x/y'], dialect: dialects.clientCredentials() }],
  ['Cognito without a token', [cognito], { dialect: dialects.none() }],
  ['AD FS on behalf of the user', [adfs], { resource: API, dialect: dialects.adfsOnBehalfOf() }],
  ['XSUAA', [xsuaa], { scopes: ['orders!t1.view'], dialect: dialects.xsuaa() }],
  ['an issuer of which nothing is known', [keycloak], { audience: 'orders' }],
  [
    'an issuer that can, and another with a dialect of its own',
    [keycloak, adfs],
    { audience: 'orders', byIssuer: { [adfs.issuer]: { resource: API, dialect: dialects.adfsOnBehalfOf() } } },
  ],
])('%s: boots', async (_name, issuers, orders) => {
  expect(await bootProblems(issuers, orders)).toBe('');
});
