import { describe, expect, test } from '@jest/globals';
import { Injectable, type DynamicModule, type Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { clientSecretBasic, clientSecretPost, errors, McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { RecordingLogger } from '../support/recording-logger.js';

const good = {
  server: { name: 'orders', version: '1.0.0' },
  resource: 'https://mcp.example.com/mcp',
  issuers: [{ issuer: 'https://id.example.com/realms/acme' }],
  client: { id: 'mcp-orders', authentication: clientSecretBasic('secret') },
  downstreams: { orders: { baseUrl: 'https://orders.example.com/v1/', audience: 'orders' } },
};

async function boot(module: DynamicModule, providers: Provider[] = []): Promise<void> {
  const testing = await Test.createTestingModule({ imports: [module], providers })
    .setLogger(new RecordingLogger())
    .compile();
  const app = testing.createNestApplication();
  await app.init();
  await app.close();
}

async function bootError(options: object, providers: Provider[] = []): Promise<errors.McpAuthConfigurationError> {
  try {
    await boot(McpAuthModule.forRoot(options as never), providers);
  } catch (error) {
    if (error instanceof errors.McpAuthConfigurationError) return error;
    throw error;
  }
  throw new Error('It booted');
}

test('boots with good options', async () => {
  await expect(boot(McpAuthModule.forRoot(good))).resolves.toBeUndefined();
});

describe('a bad option stops the boot with its name, the fault and the fix', () => {
  test.each<[string, object, string, RegExp]>([
    ['resource missing', { resource: undefined }, '`resource` is missing', /has to be/],
    ['resource relative', { resource: '/mcp' }, '`resource` is not an absolute URL', /Write the whole URL/],
    ['resource with a fragment', { resource: 'https://a.example/mcp#x' }, '`resource` has a fragment', /Remove "#"/],
    ['resource with an empty fragment', { resource: 'https://a.example/mcp#' }, '`resource` has a fragment', /Remove/],
    ['resource with a query', { resource: 'https://a.example/mcp?x' }, '`resource` has a query', /Remove "\?"/],
    [
      'resource with credentials',
      { resource: 'https://u:p@a.example/mcp' },
      '`resource` contains credentials',
      /Remove/,
    ],
    ['resource on plain http', { resource: 'http://a.example/mcp' }, '`resource` is plain http', /Use https/],
    [
      'resource on a host that looks like loopback',
      { resource: 'http://localhost.a.example/mcp' },
      '`resource` is plain http',
      /https/,
    ],
    [
      'resource in capitals',
      { resource: 'HTTPS://A.example/mcp' },
      '`resource` is not in canonical form',
      /"https:\/\/a\.example\/mcp"/,
    ],
    [
      'resource with a trailing slash',
      { resource: 'https://a.example/mcp/' },
      '`resource` ends with a slash',
      /"https:\/\/a\.example\/mcp"/,
    ],
    [
      'resource with a pattern',
      { resource: 'https://a.example/:id' },
      '`resource` has a path that cannot be mounted',
      /Use letters/,
    ],
    ['metadata that is unknown', { metadata: { tos: 'x' } }, '`metadata.tos` is not an option', /spelling/],
    ['metadata without text', { metadata: { name: '' } }, '`metadata.name` is empty', /Give it a value/],
    [
      'metadata with a relative URL',
      { metadata: { documentation: '/docs' } },
      '`metadata.documentation` is not an absolute URL',
      /Write the whole URL/,
    ],
    [
      'metadata with a URL of plain http',
      { metadata: { languages: { de: { tosUri: 'http://acme.example/agb' } } } },
      '`metadata.languages.de.tosUri` is plain http',
      /Use https/,
    ],
    [
      'metadata with a script as a URL',
      { metadata: { policyUri: 'javascript:alert(1)' } },
      '`metadata.policyUri` is not an absolute URL',
      /Write the whole URL/,
    ],
    [
      'metadata in no language',
      { metadata: { languages: { de_DE: { name: 'x' } } } },
      '`metadata.languages.de_DE` is not a language tag (BCP 47)',
      /"pt-BR"/,
    ],
    [
      'metadata in a language in another case',
      { metadata: { languages: { 'de-at': { name: 'x' } } } },
      '`metadata.languages.de-at` is not in canonical form',
      /"de-AT"/,
    ],
    [
      'metadata that nobody gets',
      {
        issuers: undefined,
        client: undefined,
        downstreams: undefined,
        access: { anonymous: true },
        metadata: { name: 'x' },
      },
      '`metadata` has no effect with `access.anonymous`',
      /Remove one/,
    ],
    ['unknown key', { resources: 'x' }, '`resources` is not an option', /spelling/],
    ['an option outside its group', { timeoutMs: 100 }, '`timeoutMs` is not an option', /spelling/],
    ['unknown key of a group', { calls: { timeout: 100 } }, '`calls.timeout` is not an option', /spelling/],
    ['a group of another type', { lists: 'all' }, '`lists` is of the wrong type', /object/],
    [
      'unknown nested key',
      { issuers: [{ issuer: 'https://a.example', audience: 'x' }] },
      '`issuers[0].audience` is not an option',
      /spelling/,
    ],
    ['no server', { server: undefined }, '`server` is missing', /object/],
    ['server without a version', { server: { name: 'x' } }, '`server.version` is missing', /string/],
    ['server with an empty name', { server: { name: '', version: '1' } }, '`server.name` is empty', /Give it a value/],
    ['no issuers', { issuers: undefined }, '`issuers` is empty', /anonymous: true/],
    ['empty issuers', { issuers: [] }, '`issuers` is empty', /Add the authorization server/],
    [
      'issuer relative',
      { issuers: [{ issuer: 'id.example' }] },
      '`issuers[0].issuer` is not an absolute URL',
      /Write the whole URL/,
    ],
    [
      'issuer on plain http',
      { issuers: [{ issuer: 'http://id.example' }] },
      '`issuers[0].issuer` is plain http',
      /https/,
    ],
    [
      'issuer twice',
      { issuers: [{ issuer: 'https://a.example' }, { issuer: 'https://a.example' }] },
      '`issuers` names an issuer twice',
      /Remove one/,
    ],
    ...(
      [
        [{}, '`issuers` is empty', /issuerResolver.advertised/],
        [
          { pattern: 'https://*/realms/x' },
          '`issuerResolver.pattern` has a "*" where the host has to be fixed',
          /Anybody/,
        ],
        [{ pattern: 'http://id.example/*' }, '`issuerResolver.pattern` is plain http', /https/],
        [{ resolve: 'x' }, '`issuerResolver.resolve` is not a function', /Give one/],
        [{ advertised: [] }, '`issuerResolver.advertised` is empty', /Name an issuer/],
        [{ cacheMs: 1 }, '`issuerResolver.cacheMs` is not between 1000 and 3600000', /Choose/],
        [{ maxIssuers: 0 }, '`issuerResolver.maxIssuers` has to be a positive number', /./],
      ] as const
    ).map(([rest, message, fix], index): [string, object, string, RegExp] => [
      `issuerResolver, ${index}`,
      {
        issuers: undefined,
        client: undefined,
        downstreams: undefined,
        issuerResolver: { pattern: 'https://id.example/*', resolve: () => undefined, ...rest },
      },
      message,
      fix,
    ]),
    [
      'a client whose issuer is found at run time, which one is not said',
      {
        issuers: [{ issuer: 'https://a.example' }],
        issuerResolver: { pattern: 'https://id.example/*', resolve: () => undefined },
      },
      '`client.issuer` is missing, but there are several `issuers`',
      /go to that one alone/,
    ],
    ['issuers of another type', { issuers: 'https://a.example' }, '`issuers` is of the wrong type', /array/],
    ['downstreams without a client', { client: undefined }, '`client` is missing', /Add/],
    [
      'client at an unknown issuer',
      { client: { ...good.client, issuer: 'https://other.example' } },
      '`client.issuer` is not among `issuers`',
      /as it stands there/,
    ],
    [
      'client without an issuer where there are several',
      { issuers: [...good.issuers, { issuer: 'https://other.example' }] },
      '`client.issuer` is missing',
      /Say which/,
    ],
    [
      'client with a secret',
      { client: { id: 'x', secret: 'hunter2' } },
      '`client.authentication` is not a client authentication',
      /clientSecretBasic/,
    ],
    [
      'downstream without a target',
      { downstreams: { orders: { baseUrl: 'https://a.example' } } },
      '`downstreams.orders` names no target',
      /`audience` or `resource`/,
    ],
    [
      'downstream with a relative base',
      { downstreams: { orders: { baseUrl: '/v1', audience: 'x' } } },
      '`downstreams.orders.baseUrl` is not an absolute URL',
      /Write the whole URL/,
    ],
    [
      'downstream with a fragment in resource',
      { downstreams: { orders: { baseUrl: 'https://a.example', resource: 'urn:x#y' } } },
      '`downstreams.orders.resource` is not an absolute URI',
      /Write it/,
    ],
    [
      'downstream with a bad scope',
      { downstreams: { orders: { baseUrl: 'https://a.example', audience: 'x', scopes: ['a b'] } } },
      '`downstreams.orders.scopes[0]` is not a scope token',
      /RFC 6749/,
    ],
    ...['x-tenant', 'authorization', ''].map((name): [string, object, string, RegExp] => [
      `downstream whose tools may set "${name}" as if it were of a proxy`,
      {
        downstreams: {
          orders: { baseUrl: 'https://a.example', audience: 'x', http: { letToolsSteerProxies: ['via', name] } },
        },
      },
      '`downstreams.orders.http.letToolsSteerProxies[1]` is no header that tools may not set',
      /Check its spelling/,
    ]),
    [
      'offline_access as an initial scope',
      { scopes: { initial: ['offline_access'] } },
      '`scopes.initial[0]` must not be "offline_access"',
      /Remove it/,
    ],
    [
      'list of another value',
      { lists: { show: 'some' } },
      '`lists.show` has to be "all" or "permitted"',
      /Change or remove/,
    ],
    [
      'anonymous beside issuers',
      { access: { anonymous: true }, downstreams: undefined },
      '`access.anonymous` is set, but so is `issuers`',
      /Remove one/,
    ],
    [
      'anonymous with downstreams',
      { access: { anonymous: true }, issuers: undefined },
      '`downstreams` cannot be called for anonymous callers',
      /Remove/,
    ],
    [
      'a page without entries',
      { lists: { pageSize: 0 } },
      '`lists.pageSize` has to be a positive number of entries',
      /positive/,
    ],
    ...(
      [
        ['very many retries', { retries: 11 }, 'retries` has to be at most 10', /at most/],
        ['less than no retry', { retries: -1 }, 'retries` has to be 0 or more', /0 or more/],
        [
          'no request at all',
          { maxConcurrent: 0 },
          'maxConcurrent` has to be a positive number of requests',
          /positive/,
        ],
        ['a queue of less than none', { maxQueued: -1 }, 'maxQueued` has to be 0 or more', /0 or more/],
        ['no byte of JSON', { maxJsonSize: 0 }, 'maxJsonSize` has to be a positive number of bytes', /positive/],
        ['no time at all', { timeoutMs: 0 }, 'timeoutMs` has to be a positive number of milliseconds', /positive/],
        ['more time than timers have', { deadlineMs: 2 ** 31 }, 'deadlineMs` has to be at most 2147483647', /at most/],
        ['a hook that is none', { onRequest: 'log' }, 'onRequest` is not a function', /Give one, or remove it/],
        ['another hook that is none', { onResponse: {} }, 'onResponse` is not a function', /Give one, or remove it/],
        ['a dispatcher that is none', { dispatcher: {} }, 'dispatcher` is not a dispatcher of undici', /ProxyAgent/],
        [
          'a circuit breaker that is always open',
          { circuitBreaker: { threshold: 0 } },
          'circuitBreaker.threshold` has to be above 0 and below 1',
          /above/,
        ],
        [
          'a circuit breaker that is never open',
          { circuitBreaker: { threshold: 1 } },
          'circuitBreaker.threshold` has to be above 0 and below 1',
          /below/,
        ],
        [
          'a circuit breaker that counts no request',
          { circuitBreaker: { minimumRequests: 0 } },
          'circuitBreaker.minimumRequests` has to be a positive number of requests',
          /positive/,
        ],
        [
          'a circuit breaker without a pause',
          { circuitBreaker: { pauseMs: 0 } },
          'circuitBreaker.pauseMs` has to be a positive number of milliseconds',
          /positive/,
        ],
        [
          'a circuit breaker of another type',
          { circuitBreaker: true },
          'circuitBreaker` is neither `false` nor an object',
          /Correct it, or remove it/,
        ],
      ] as const
    ).map(([name, http, fault, fix]): [string, object, string, RegExp] => [
      name,
      { downstreams: { orders: { baseUrl: 'https://orders.example.com/v1/', audience: 'orders', http } } },
      `\`downstreams.orders.http.${fault}`,
      fix,
    ]),
    [
      'anonymous of another type',
      { access: { anonymous: 'yes' } },
      '`access.anonymous` is of the wrong type',
      /boolean/,
    ],
  ])('%s', async (_name, change, fault, fix) => {
    const { code, message, problems } = await bootError({ ...good, ...change });
    expect(code).toBe('invalid_configuration');
    expect(message).toContain(fault);
    expect(problems.find((problem) => problem.startsWith(fault))).toMatch(fix);
  });

  test.each([undefined, ''])('client secret %j', (secret) => {
    expect(() => clientSecretBasic(secret as string)).toThrow(/`client.authentication` has no secret. Give it one/);
    expect(() => clientSecretPost(secret as string)).toThrow(errors.McpAuthConfigurationError);
  });

  test('several at once', async () => {
    const { problems } = await bootError({ ...good, resource: '/mcp', lists: { show: 'some' }, colour: 'red' });
    expect(problems).toHaveLength(3);
  });

  test('without showing a secret', async () => {
    const { message } = await bootError({ ...good, client: { id: 'x', secret: 'hunter2' } });
    expect(message).not.toContain('hunter2');
  });
});

describe('a bad tool stops the boot with its place, the fault and the fix', () => {
  @Injectable()
  class UndeclaredDownstream {
    @McpTool({ description: 'x', downstream: ['orders', 'billing'] })
    pay(): void {
      return;
    }
  }
  @Injectable()
  class First {
    @McpTool({ description: 'x', name: 'find' })
    one(): void {
      return;
    }
  }
  @Injectable()
  class Second {
    @McpTool({ description: 'x' })
    find(): void {
      return;
    }
  }
  @Injectable()
  class BadName {
    @McpTool({ description: 'x', name: 'find order", error="' })
    find(): void {
      return;
    }
  }
  @Injectable()
  class BadScope {
    @McpTool({ description: 'x', scopes: ['orders:read', 'a"b'] })
    find(): void {
      return;
    }
  }
  @Injectable()
  class BadSchema {
    @McpTool({ description: 'x', input: z.string() as never, output: z.array(z.string()) })
    find(): string[] {
      return [];
    }
  }
  @Injectable()
  class OldSchema {
    @McpTool({
      description: 'x',
      input: { '~standard': { vendor: 'old', version: 1, validate: () => ({ value: 1 }) } } as never,
    })
    find(): void {
      return;
    }
  }

  test.each<[string, Provider[], RegExp]>([
    [
      'undeclared downstream',
      [UndeclaredDownstream],
      /`downstream` of @McpTool on UndeclaredDownstream\.pay is "billing", .*Add it there, or use one of: orders/,
    ],
    ['two tools of one name', [First, Second], /Two tools are named "find": First\.one and Second\.find\. Rename one/],
    ['name that no client takes', [BadName], /`name` of @McpTool on BadName\.find .*Use 1 to 128 letters/],
    ['scope that is none', [BadScope], /`scopes` of @McpTool on BadScope\.find has "a"b", which is not a scope token/],
    [
      'input that is no object',
      [BadSchema],
      /`input` of @McpTool on BadSchema\.find does not describe an object\. Wrap it/,
    ],
    [
      'output that is no object',
      [BadSchema],
      /`output` of @McpTool on BadSchema\.find does not describe an object\. Wrap it/,
    ],
    [
      'schema without JSON Schema',
      [OldSchema],
      /`input` of @McpTool on OldSchema\.find cannot describe itself as JSON Schema\. Use zod 4\.2/,
    ],
  ])('%s', async (_name, providers, fault) => {
    expect((await bootError(good, providers)).message).toMatch(fault);
  });

  test('scopes that nobody can have', async () => {
    const { message } = await bootError({ server: good.server, resource: good.resource, access: { anonymous: true } }, [
      BadScope,
    ]);
    expect(message).toMatch(/`scopes` of @McpTool on BadScope\.find can never be met/);
  });
});

test('a class provided under an alias is one tool', async () => {
  @Injectable()
  class Tools {
    @McpTool({ description: 'x' })
    find(): void {
      return;
    }
  }
  await expect(
    boot(McpAuthModule.forRoot(good), [Tools, { provide: 'alias', useExisting: Tools }]),
  ).resolves.toBeUndefined();
});
