import { describe, expect, test } from '@jest/globals';
import {
  clientSecretBasic,
  dialects,
  providers,
  type DownstreamOptions,
  type IssuerOptions,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import { resolveOptions } from '../../lib/configuration/resolve-options.js';
import { checkApiDocuments } from '../../lib/doctor/api-document-checks.js';
import { describeClearText } from '../../lib/doctor/clear-text-checks.js';
import { McpAuthConfigurationError } from '../../lib/errors/configuration-error.js';
import { findOpenApiProblems } from '../../lib/openapi/declaration/open-api-schema.js';
import { optionsFor } from '../support/module-options.js';

const ISSUER = 'https://id.example.com';
const client = { id: 'mcp', authentication: clientSecretBasic('secret') };

/** What stops the boot, and what the doctor says of a server that boots. */
interface Outcome {
  readonly problems: readonly string[];
  readonly subjects: readonly string[];
}

/** The word for plain http, or nothing. */
interface Word {
  readonly acceptClearText?: true;
}

function boot(options: Partial<McpAuthModuleOptions>): Outcome {
  const resolved = resolveOptions(optionsFor('https://mcp.example.com', ISSUER, { client, ...options }));
  return { problems: [], subjects: describeClearText(resolved).map(({ subject }) => subject) };
}

const ofIssuer = (issuer: Partial<IssuerOptions>) => boot({ issuers: [{ issuer: ISSUER, ...issuer }] });
const ofOrders = (orders: Partial<DownstreamOptions>) =>
  boot({ downstreams: { orders: { baseUrl: 'https://orders.example', ...orders } } });
const ofLinked = (linked: Partial<NonNullable<DownstreamOptions['linked']>>) =>
  ofOrders({ linked: { client, ...linked } });
const ofDialect = (server: { readonly issuer: string; readonly metadataUrl?: string } & Word) =>
  ofOrders({ audience: 'orders', dialect: dialects.clientCredentials({ authorizationServer: { ...server, client } }) });

function ofDocument(url: string, word: Word): Outcome {
  const problems = findOpenApiProblems({
    document: `${url}/api.json`,
    allowOrigins: [url],
    downstream: 'orders',
    ...word,
  });
  const { acceptClearText = false } = word;
  const examined = {
    place: '@McpOpenApi on OrdersApi',
    downstream: 'orders',
    acceptClearText,
    servers: [],
    operations: [],
    leftOut: [],
  };
  const findings = checkApiDocuments([examined], resolveOptions(optionsFor('https://mcp.example.com', ISSUER)));
  return { problems, subjects: findings.map(({ subject }) => subject) };
}

/** Every option that is a URL which somebody calls: what is booted with it, its name, and whom the doctor names. */
const ADDRESSES: readonly (readonly [option: string, boot: (url: string, word: Word) => Outcome, subject: string])[] = [
  ['issuers[0].issuer', (issuer, word) => ofIssuer({ issuer, ...word }), 'issuers.acceptClearText'],
  ['issuers[0].metadataUrl', (metadataUrl, word) => ofIssuer({ metadataUrl, ...word }), 'issuers.acceptClearText'],
  [
    'issuers[0].advertisedIssuer',
    (advertisedIssuer, word) => ofIssuer({ advertisedIssuer, ...word }),
    'issuers.acceptClearText',
  ],
  [
    'issuers[0].introspection.endpoint',
    (endpoint, word) => ofIssuer({ introspection: { endpoint }, ...word }),
    'issuers.acceptClearText',
  ],
  [
    'issuerResolver.pattern',
    (url, word) =>
      boot({
        client: { ...client, issuer: ISSUER },
        issuerResolver: { pattern: `${url}/realms/*`, resolve: () => undefined, ...word },
      }),
    'issuerResolver.acceptClearText',
  ],
  [
    'issuerResolver.advertised[0]',
    (url, word) =>
      boot({
        client: { ...client, issuer: ISSUER },
        issuerResolver: { pattern: `${ISSUER}/*`, resolve: () => undefined, advertised: [url], ...word },
      }),
    'issuerResolver.acceptClearText',
  ],
  [
    'providers.keycloak().url',
    (url, word) => boot({ issuers: [providers.keycloak({ url, realm: 'acme', ...word })] }),
    'issuers.acceptClearText',
  ],
  [
    'providers.authentik().url',
    (url, word) => boot({ issuers: [providers.authentik({ url, application: 'mcp', clientId: 'mcp', ...word })] }),
    'issuers.acceptClearText',
  ],
  [
    'providers.xsuaa().url',
    (url, word) => boot({ issuers: [providers.xsuaa({ url, xsappname: 'orders!t1', ...word })] }),
    'issuers.acceptClearText',
  ],
  [
    'providers.ping().issuer',
    (issuer, word) => boot({ issuers: [providers.ping({ issuer, ...word })] }),
    'issuers.acceptClearText',
  ],
  [
    'downstreams.orders.baseUrl',
    (baseUrl, word) => ofOrders({ audience: 'orders', baseUrl, ...word }),
    'downstreams.orders.acceptClearText',
  ],
  [
    'downstreams.orders.consentUrl',
    (url, word) => ofOrders({ audience: 'orders', consentUrl: `${url}/?for=orders#now`, ...word }),
    'downstreams.orders.acceptClearText',
  ],
  [
    `downstreams.orders.byIssuer.${ISSUER}.consentUrl`,
    (consentUrl, word) => ofOrders({ byIssuer: { [ISSUER]: { audience: 'orders', consentUrl } }, ...word }),
    'downstreams.orders.acceptClearText',
  ],
  ['authorizationServer.issuer', (issuer, word) => ofDialect({ issuer, ...word }), 'downstreams.orders.dialect'],
  [
    'authorizationServer.metadataUrl',
    (metadataUrl, word) => ofDialect({ issuer: 'https://partner.example', metadataUrl, ...word }),
    'downstreams.orders.dialect',
  ],
  [
    'downstreams.orders.linked.issuer',
    (issuer, word) => ofLinked({ issuer, ...word }),
    'downstreams.orders.linked.acceptClearText',
  ],
  [
    'downstreams.orders.linked.metadataUrl',
    (metadataUrl, word) => ofLinked({ issuer: 'https://partner.example', metadataUrl, ...word }),
    'downstreams.orders.linked.acceptClearText',
  ],
  ...(['authorizationEndpoint', 'tokenEndpoint', 'revocationEndpoint'] as const).map(
    (endpoint) =>
      [
        `downstreams.orders.linked.${endpoint}`,
        (url: string, word: Word) =>
          ofLinked({
            authorizationEndpoint: 'https://partner.example/authorize',
            tokenEndpoint: 'https://partner.example/token',
            [endpoint]: url,
            ...word,
          }),
        'downstreams.orders.linked.acceptClearText',
      ] as const,
  ),
  ['allowOrigins[0]', ofDocument, '@McpOpenApi on OrdersApi, acceptClearText'],
];

/** Options that are read by clients on other networks, or shown to people there. Nobody can vouch for what is in between. */
const PUBLIC: readonly (readonly [option: string, boot: (url: string) => Outcome])[] = [
  ['resource', (url) => boot({ resource: `${url}/mcp` })],
  [
    'endpoint.metadataUrl',
    (url) => boot({ resource: 'https://mcp.example.com/mcp', endpoint: { metadataUrl: `${url}/metadata` } }),
  ],
  ...(['documentation', 'policyUri', 'tosUri'] as const).map(
    (page) => [`metadata.${page}`, (url: string) => boot({ metadata: { [page]: url } })] as const,
  ),
  [
    'providers.entra().authority',
    (authority) => {
      const id = '00000000-0000-0000-0000-000000000000';
      return boot({ issuers: [providers.entra({ applicationId: id, tenants: [id], authority })] });
    },
  ],
];

function attempt(start: () => Outcome): Outcome {
  try {
    return start();
  } catch (error) {
    if (error instanceof McpAuthConfigurationError) return { problems: error.problems, subjects: [] };
    throw error;
  }
}

const LOOPBACK = 'http://127.0.0.1:8080';
const INSIDE = 'http://service.internal:8080';

describe.each(ADDRESSES)('%s', (option, start, subject) => {
  const stopped = (what: RegExp, outcome: Outcome) => {
    expect(outcome.problems).toHaveLength(1);
    expect(outcome.problems[0]).toContain(option);
    expect(outcome.problems[0]).toMatch(what);
  };

  test('is https, or on loopback, without a word', () => {
    for (const url of ['https://service.example:8443', LOOPBACK])
      expect(attempt(() => start(url, {}))).toEqual({ problems: [], subjects: [] });
  });

  test('stops the boot on plain http elsewhere, and the text names the word', () => {
    stopped(
      /is plain http on a host that is not loopback\. Use https, or set `acceptClearText`/,
      attempt(() => start(INSIDE, {})),
    );
  });

  test('may be plain http with the word, and the doctor says so', () => {
    expect(attempt(() => start(INSIDE, { acceptClearText: true }))).toEqual({ problems: [], subjects: [subject] });
  });

  test('is not plain http to a public address, whatever is said', () => {
    stopped(
      /is plain http to an address of the public internet/,
      attempt(() => start('http://203.0.113.7', { acceptClearText: true })),
    );
  });
});

test.each(PUBLIC)('%s is https, or on loopback, and there is no word for anything else', (option, start) => {
  const { problems } = attempt(() => start(INSIDE));
  expect(problems[0]).toContain(`\`${option}\` is plain http on a host that is not loopback. Use https.`);
  expect(problems.join(' ')).not.toContain('acceptClearText');
  expect(attempt(() => start(LOOPBACK)).problems.join(' ')).not.toContain('plain http');
});

test('the strict profile refuses the word wherever it is', () => {
  const { problems } = attempt(() =>
    boot({
      profile: 'strict',
      downstreams: {
        orders: {
          baseUrl: 'https://orders.example',
          dialect: dialects.clientCredentials({
            authorizationServer: { issuer: INSIDE, acceptClearText: true, client },
          }),
        },
        crm: { baseUrl: 'https://crm.example', linked: { issuer: INSIDE, acceptClearText: true, client } },
      },
    }),
  );
  const text = problems.join('\n');
  expect(text).toContain('`downstreams.crm.linked.acceptClearText` sends tokens in clear text');
  expect(text).toContain('has `authorizationServer.acceptClearText`, which accepts what the strict profile refuses');
});
