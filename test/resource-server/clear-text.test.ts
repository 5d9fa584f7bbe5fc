import dns from 'node:dns';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  clientSecretBasic,
  dialects,
  DownstreamClient,
  McpTool,
  providers,
  type DownstreamOptions,
  type IssuerOptions,
  type IssuerResolverOptions,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import { resolveOptions } from '../../lib/configuration/resolve-options.js';
import { describeClearText } from '../../lib/doctor/clear-text-checks.js';
import { callTool, message, post, textOf, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { TestApi } from '../support/test-api.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

const PUBLIC = 'https://id.example.com/realms/acme';

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders' })
  async run(): Promise<string> {
    return JSON.stringify(await this.downstream.json('/orders/7'));
  }
}

/** Names of a network of containers. */
const INSIDE = new Set(['keycloak', 'orders.svc.cluster.local']);
const { lookup } = dns;

beforeAll(() => {
  const resolve = (name: string, ...rest: unknown[]) => {
    (lookup as (...all: unknown[]) => void)(INSIDE.has(name) ? '127.0.0.1' : name, ...rest);
  };
  dns.lookup = resolve as typeof dns.lookup;
});
afterAll(() => {
  dns.lookup = lookup;
});

function inside(origin: string, name: string): string {
  return origin.replace('127.0.0.1', name);
}

/** What of a network of containers speaks plain http. */
interface Network {
  readonly issuer: TestIssuer;
  /** The origin of the issuer, by its name in the network. */
  readonly keycloak: string;
}

const word = { acceptClearText: true };

/** The options of a server in that network, and the issuer that its tokens name. */
const NETWORKS: readonly (readonly [
  name: string,
  options: (network: Network) => Partial<McpAuthModuleOptions>,
  iss: (network: Network) => string,
])[] = [
  [
    'whose issuer has a public name, and metadata, keys and endpoints inside',
    ({ keycloak }) => ({ issuers: [{ issuer: PUBLIC, metadataUrl: `${keycloak}/metadata`, ...word }] }),
    () => PUBLIC,
  ],
  [
    'whose issuer is the name inside',
    ({ keycloak }) => ({ issuers: [{ issuer: `${keycloak}/realms/inside`, ...word }] }),
    ({ keycloak }) => `${keycloak}/realms/inside`,
  ],
  [
    'whose issuer is a Keycloak inside',
    ({ keycloak }) => ({ issuers: [providers.keycloak({ url: keycloak, realm: 'inside', ...word })] }),
    ({ keycloak }) => `${keycloak}/realms/inside`,
  ],
  [
    'whose issuers are found for tokens, and are inside',
    ({ keycloak }) => ({
      issuers: [],
      issuerResolver: {
        pattern: `${keycloak}/realms/*`,
        advertised: [`${keycloak}/realms/inside`],
        resolve: (iss: string) => ({ issuer: iss }),
        ...word,
      },
    }),
    ({ keycloak }) => `${keycloak}/realms/inside`,
  ],
  [
    'whose issuers are found for tokens, and have metadata inside',
    ({ keycloak }) => ({
      issuers: [],
      issuerResolver: {
        pattern: 'https://id.example.com/realms/*',
        advertised: [PUBLIC],
        resolve: (iss: string) => ({ issuer: iss, metadataUrl: `${keycloak}/metadata`, ...word }),
      },
    }),
    () => PUBLIC,
  ],
];

describe.each(NETWORKS)('a network of containers, in clear text, %s', (_name, optionsOf, issOf) => {
  let api: TestApi;
  let network: Network;
  let server: ProtectedServer;

  beforeAll(async () => {
    api = await TestApi.start();
    const issuer = await TestIssuer.start();
    const keycloak = inside(issuer.origin, 'keycloak');
    network = { issuer, keycloak };
    const iss = issOf(network);
    const endpoints = { jwks_uri: `${keycloak}/jwks`, token_endpoint: `${keycloak}/token` };
    for (const path of ['/metadata', '/.well-known/oauth-authorization-server/realms/inside'])
      issuer.answers.set(path, (_request, response) => {
        sendJson(response, 200, { ...issuer.metadata(), issuer: iss, ...endpoints });
      });
    const options = optionsOf(network);
    const { pattern } = options.issuerResolver ?? {};
    server = await startProtectedServer({
      providers: [Tools],
      options: {
        ...options,
        client: {
          id: 'mcp',
          authentication: clientSecretBasic('secret'),
          ...(pattern !== undefined && { issuer: pattern }),
        },
        downstreams: {
          orders: { baseUrl: inside(api.origin, 'orders.svc.cluster.local'), audience: 'orders-api', ...word },
        },
      },
    });
  });
  afterAll(async () => {
    await server.close();
    await network.issuer.close();
    await api.close();
  });

  test('serves keys, exchanges tokens, and is called', async () => {
    const { issuer } = network;
    const token = await issuer.token({ iss: issOf(network), aud: server.resource });
    expect(textOf(await callTool(server.resource, token, 'run'))).toContain('7');
    expect(issuer.exchanges).toHaveLength(1);
    expect(api.last.headers.host).toContain('orders.svc.cluster.local');
    expect((await post(server.resource, toolCall('run'), { token: 'not one' })).status).toBe(401);
  });
});

test('opaque tokens are asked about in clear text', async () => {
  const issuer = await TestIssuer.start();
  const keycloak = inside(issuer.origin, 'keycloak');
  const asked: (string | undefined)[] = [];
  issuer.answers.set('/introspect', (request, response) => {
    asked.push(request.headers.host);
    sendJson(response, 200, { active: true, sub: 'alice', client_id: 'app', aud: server.resource, iss: PUBLIC });
  });
  const server = await startProtectedServer({
    options: {
      issuers: [
        {
          issuer: PUBLIC,
          metadataUrl: `${keycloak}/metadata`,
          introspection: {
            endpoint: `${keycloak}/introspect`,
            client: { id: 'mcp', authentication: clientSecretBasic('secret') },
          },
          ...word,
        },
      ],
    },
  });
  try {
    expect((await post(server.resource, message('tools/list'), { token: 'opaque' })).status).toBe(200);
    expect(asked).toEqual([new URL(keycloak).host]);
  } finally {
    await server.close();
    await issuer.close();
  }
});

type Parts = Pick<McpAuthModuleOptions, 'profile' | 'proof' | 'issuerResolver'> & {
  readonly issuer?: Partial<IssuerOptions>;
  readonly orders?: Partial<DownstreamOptions>;
};

function resolve({ issuer, orders, ...rest }: Parts) {
  return resolveOptions(
    optionsFor('http://127.0.0.1:1', PUBLIC, {
      issuers: [{ issuer: PUBLIC, ...issuer }],
      client: {
        id: 'mcp',
        authentication: clientSecretBasic('secret'),
        ...(rest.issuerResolver && { issuer: issuer?.issuer ?? PUBLIC }),
      },
      ...(orders && { downstreams: { orders: { audience: 'a', baseUrl: 'https://api.example', ...orders } } }),
      ...rest,
    }),
  );
}

const foreign = (acceptClearText: boolean) =>
  dialects.clientCredentials({
    authorizationServer: {
      issuer: 'http://keycloak:8080/realms/other',
      acceptClearText,
      client: { id: 'mcp', authentication: clientSecretBasic('secret') },
    },
  });

test.each<[string, Parts]>([
  ['an issuer', { issuer: { issuer: 'http://keycloak:8080/realms/acme' } }],
  ['metadata', { issuer: { metadataUrl: 'http://10.1.2.3:8080/metadata' } }],
  ['metadata at an address of IPv6', { issuer: { metadataUrl: 'http://[fd00::1]:8080/metadata' } }],
  ['introspection', { issuer: { introspection: { endpoint: 'http://keycloak:8080/introspect' } } }],
])('%s in clear text is accepted by a word, and by nothing else', (_name, { issuer }) => {
  expect(() => resolve({ issuer: { ...issuer } })).toThrow(
    /is plain http on a host that is not loopback.*acceptClearText/,
  );
  expect(resolve({ issuer: { ...issuer, acceptClearText: true } }).issuers).toHaveLength(1);
});

const resolver = { pattern: 'http://keycloak:8080/realms/*', resolve: () => undefined };

test.each<[string, IssuerResolverOptions]>([
  ['a pattern', resolver],
  ['what clients are told', { ...resolver, pattern: `${PUBLIC}/*`, advertised: ['http://keycloak:8080/realms/a'] }],
])('%s of a resolver in clear text is accepted by a word, and by nothing else', (_name, issuerResolver) => {
  expect(() => resolve({ issuerResolver })).toThrow(/`issuerResolver\.\S+` is plain http.*acceptClearText/);
  expect(resolve({ issuerResolver: { ...issuerResolver, acceptClearText: true } }).issuerResolver).toMatchObject({
    acceptClearText: true,
  });
});

test('a downstream and its authorization server in clear text are accepted by a word, and by nothing else', () => {
  const baseUrl = 'http://orders:8080/v1/';
  expect(() => resolve({ orders: { baseUrl } })).toThrow(/`downstreams.orders.baseUrl` is plain http.*acceptClearText/);
  expect(resolve({ orders: { baseUrl, acceptClearText: true } }).downstreams.size).toBe(1);
  expect(() => resolve({ orders: { dialect: foreign(false) } })).toThrow(/is plain http.*acceptClearText/);
  expect(resolve({ orders: { dialect: foreign(true) } }).downstreams.size).toBe(1);
});

test('presets of servers that people run themselves take the word', () => {
  const application = { url: 'http://authentik:9000', application: 'mcp', clientId: 'mcp' };
  expect(() => providers.authentik(application)).toThrow(/`providers.authentik\(\).url` is plain http/);
  expect(providers.authentik({ ...application, acceptClearText: true })).toMatchObject({
    issuer: 'http://authentik:9000/application/o/mcp/',
    acceptClearText: true,
  });
  const realm = { url: 'http://keycloak:8080', realm: 'acme' };
  expect(() => providers.keycloak(realm)).toThrow(/`providers.keycloak\(\).url` is plain http/);
  expect(providers.keycloak({ ...realm, acceptClearText: true })).toMatchObject({
    issuer: 'http://keycloak:8080/realms/acme',
    acceptClearText: true,
  });
});

test.each<[string, Parts, RegExp]>([
  [
    'to a public address',
    { issuer: { issuer: 'http://203.0.113.7/a', acceptClearText: true } },
    /issuers\[0\].issuer` is plain http to an address of the public/,
  ],
  [
    'to a public address of IPv6',
    { issuer: { metadataUrl: 'http://[2001:db8::1]/a', acceptClearText: true } },
    /metadataUrl` is plain http to an address of the public/,
  ],
  [
    'to a pattern at a public address',
    { issuerResolver: { ...resolver, pattern: 'http://203.0.113.7/*', acceptClearText: true } },
    /issuerResolver.pattern` is plain http to an address of the public/,
  ],
  [
    'to an API at a public address',
    { orders: { baseUrl: 'http://203.0.113.7/a', acceptClearText: true } },
    /baseUrl` is plain http to an address of the public/,
  ],
  [
    'for clients, at a public address',
    { issuer: { advertisedIssuer: 'http://203.0.113.7/a', acceptClearText: true } },
    /advertisedIssuer` is plain http to an address of the public/,
  ],
  ['without a use', { orders: { acceptClearText: true } }, /acceptClearText` has no effect/],
  [
    'under the strict profile',
    {
      profile: 'strict',
      issuer: { acceptClearText: true },
      issuerResolver: { ...resolver, acceptClearText: true },
      orders: { baseUrl: 'http://orders/', acceptClearText: true },
    },
    /issuers\[0\].acceptClearText` accepts what the strict profile refuses.*issuerResolver.acceptClearText`.*downstreams.orders.acceptClearText` sends tokens in clear text/s,
  ],
])('the word is refused %s', (_name, parts, message) => {
  expect(() => resolve(parts)).toThrow(message);
});

test('the doctor says what travels in clear text', () => {
  const options = resolve({
    issuer: { issuer: 'http://keycloak:8080/realms/acme', acceptClearText: true },
    issuerResolver: { ...resolver, acceptClearText: true },
    orders: { baseUrl: 'http://orders:8080/v1/', acceptClearText: true },
  });
  expect(describeClearText(options).map(({ code, severity, subject }) => [code, severity, subject])).toEqual([
    ['clear_text', 'warning', 'issuers.acceptClearText'],
    ['clear_text', 'warning', 'issuerResolver.acceptClearText'],
    ['clear_text', 'warning', 'downstreams.orders.acceptClearText'],
  ]);
  expect(describeClearText(resolve({ orders: { baseUrl: 'http://127.0.0.1:1/' } }))).toEqual([]);
});
