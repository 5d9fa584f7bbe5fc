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
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import { resolveOptions } from '../../lib/configuration/resolve-options.js';
import { describeClearText } from '../../lib/doctor/clear-text-checks.js';
import { callTool, post, textOf, toolCall } from '../support/mcp-request.js';
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

describe('a network of containers, in clear text', () => {
  let api: TestApi;
  let issuer: TestIssuer;
  let server: ProtectedServer;

  beforeAll(async () => {
    api = await TestApi.start();
    issuer = await TestIssuer.start();
    const origin = inside(issuer.origin, 'keycloak');
    const endpoints = { jwks_uri: `${origin}/jwks`, token_endpoint: `${origin}/token` };
    issuer.answers.set('/metadata', (_request, response) => {
      sendJson(response, 200, { ...issuer.metadata(), issuer: PUBLIC, ...endpoints });
    });
    server = await startProtectedServer({
      providers: [Tools],
      options: {
        issuers: [{ issuer: PUBLIC, metadataUrl: `${origin}/metadata`, acceptClearText: true }],
        client: { id: 'mcp', authentication: clientSecretBasic('secret') },
        downstreams: {
          orders: {
            baseUrl: inside(api.origin, 'orders.svc.cluster.local'),
            audience: 'orders-api',
            acceptClearText: true,
          },
        },
      },
    });
  });
  afterAll(async () => {
    await server.close();
    await issuer.close();
    await api.close();
  });

  test('serves keys, exchanges tokens, and is called', async () => {
    const token = await issuer.token({ iss: PUBLIC, aud: server.resource });
    expect(textOf(await callTool(server.resource, token, 'run'))).toContain('7');
    expect(issuer.exchanges).toHaveLength(1);
    expect(api.last.headers.host).toContain('orders.svc.cluster.local');
    expect((await post(server.resource, toolCall('run'), { token: 'not one' })).status).toBe(401);
  });
});

type Parts = Pick<McpAuthModuleOptions, 'profile' | 'proof'> & {
  readonly issuer?: Partial<IssuerOptions>;
  readonly orders?: Partial<DownstreamOptions>;
};

function resolve({ issuer, orders, ...rest }: Parts) {
  return resolveOptions(
    optionsFor('http://127.0.0.1:1', PUBLIC, {
      issuers: [{ issuer: PUBLIC, ...issuer }],
      client: { id: 'mcp', authentication: clientSecretBasic('secret') },
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

test('a downstream and its authorization server in clear text are accepted by a word, and by nothing else', () => {
  const baseUrl = 'http://orders:8080/v1/';
  expect(() => resolve({ orders: { baseUrl } })).toThrow(/`downstreams.orders.baseUrl` is plain http.*acceptClearText/);
  expect(resolve({ orders: { baseUrl, acceptClearText: true } }).downstreams.size).toBe(1);
  expect(() => resolve({ orders: { dialect: foreign(false) } })).toThrow(/is plain http.*acceptClearText/);
  expect(resolve({ orders: { dialect: foreign(true) } }).downstreams.size).toBe(1);
});

test('a preset takes the word', () => {
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
    'to an API at a public address',
    { orders: { baseUrl: 'http://203.0.113.7/a', acceptClearText: true } },
    /baseUrl` is plain http to an address of the public/,
  ],
  [
    'for clients',
    { issuer: { advertisedIssuer: 'http://keycloak:8080/a', acceptClearText: true } },
    /advertisedIssuer` is plain http/,
  ],
  ['without a use', { orders: { acceptClearText: true } }, /acceptClearText` has no effect/],
  [
    'under the strict profile',
    {
      profile: 'strict',
      issuer: { acceptClearText: true },
      orders: { baseUrl: 'http://orders/', acceptClearText: true },
    },
    /issuers\[0\].acceptClearText` accepts what the strict profile refuses.*downstreams.orders.acceptClearText` sends tokens in clear text/s,
  ],
])('the word is refused %s', (_name, parts, message) => {
  expect(() => resolve(parts)).toThrow(message);
});

test('the doctor says what travels in clear text', () => {
  const options = resolve({
    issuer: { issuer: 'http://keycloak:8080/realms/acme', acceptClearText: true },
    orders: { baseUrl: 'http://orders:8080/v1/', acceptClearText: true },
  });
  expect(describeClearText(options).map(({ code, severity, subject }) => [code, severity, subject])).toEqual([
    ['clear_text', 'warning', 'issuers.acceptClearText'],
    ['clear_text', 'warning', 'downstreams.orders.acceptClearText'],
  ]);
  expect(describeClearText(resolve({ orders: { baseUrl: 'http://127.0.0.1:1/' } }))).toEqual([]);
});
