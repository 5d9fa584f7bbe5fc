import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Controller, Get, Injectable } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import {
  clientSecretBasic,
  McpAuthHealthIndicator,
  McpAuthModule,
  McpTool,
  type IssuerOptions,
  type McpAuthModuleOptions,
} from 'nestjs-mcp-auth';
import { stopClocks } from '../support/clocks.js';
import { post, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

@Controller()
class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly mcpAuth: McpAuthHealthIndicator,
  ) {}

  @Get('health')
  @HealthCheck()
  check() {
    return this.health.check([() => this.mcpAuth.check()]);
  }

  @Get('renamed')
  @HealthCheck()
  renamed() {
    return this.health.check([() => this.mcpAuth.check('tokens')]);
  }
}

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  find(): string {
    return 'found';
  }
}

let issuer: TestIssuer;
let server: TestApplication;

beforeEach(async () => {
  issuer = await TestIssuer.start();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server.close();
  await issuer.close();
});

async function start(options: Partial<McpAuthModuleOptions> = {}): Promise<void> {
  server = await startApplication({
    imports: (origin) => [McpAuthModule.forRoot(optionsFor(origin, issuer.issuer, options)), TerminusModule],
    controllers: [HealthController],
    providers: [Tools],
  });
}

/** What a probe is told. */
async function probe(path = '/health') {
  const response = await fetch(`${server.origin}${path}`);
  const body = (await response.json()) as { status: string; details: Record<string, unknown> };
  return { status: response.status, overall: body.status, details: body.details, text: JSON.stringify(body) };
}

const up = (issuers: Record<string, unknown>) => ({
  status: 200,
  overall: 'ok',
  details: { 'mcp-auth': { status: 'up', issuers } },
});

const down = (issuers: Record<string, unknown>) => ({
  status: 503,
  overall: 'error',
  details: { 'mcp-auth': { status: 'down', issuers } },
});

function break500(broken: TestIssuer, path = '/jwks'): void {
  broken.answers.set(path, (_request, response) => {
    sendJson(response, 500, { error: 'AN ANSWER' });
  });
}

const MINUTE = 60_000;

/** How an issuer is asked about each token. */
const asked = { client: { id: 'mcp-server', authentication: clientSecretBasic('secret') } };

test('it is up where the keys can be had, and says how old they are', async () => {
  const clock = stopClocks();
  const { start: start0 } = clock;
  await start();
  expect(await probe()).toMatchObject(up({ [issuer.issuer]: { status: 'up', keysAgeMs: 0 } }));
  clock.moveTo(start0 + 5 * MINUTE);
  expect(await probe()).toMatchObject(up({ [issuer.issuer]: { status: 'up', keysAgeMs: 300_000 } }));
});

test('it has the name that the application gives it', async () => {
  await start();
  expect(Object.keys((await probe('/renamed')).details)).toEqual(['tokens']);
});

test.each<[string, () => void]>([
  [
    'has no metadata',
    () => {
      break500(issuer, '/.well-known/oauth-authorization-server');
    },
  ],
  [
    'has no keys',
    () => {
      break500(issuer);
    },
  ],
  [
    'has keys that nobody can use',
    () =>
      issuer.answers.set('/jwks', (_request, response) => {
        sendJson(response, 200, { keys: 'none' });
      }),
  ],
])('it is down where the issuer %s, with its name, and nothing of why', async (_name, fail) => {
  fail();
  await start();
  const told = await probe();
  expect(told).toMatchObject(down({ [issuer.issuer]: { status: 'down' } }));
  expect(told.text.replaceAll(issuer.issuer, '')).not.toMatch(/http|jwks|well-known|127\.0\.0\.1|AN ANSWER|Error/);
});

test('it is down where nothing listens, and up once the issuer is there', async () => {
  const gone = await TestIssuer.start();
  await gone.close();
  await start({ issuers: [{ issuer: gone.issuer }] });
  expect(await probe()).toMatchObject(down({ [gone.issuer]: { status: 'down' } }));
  await server.close();
  break500(issuer);
  await start();
  expect((await probe()).status).toBe(503);
  issuer.answers.clear();
  expect(await probe()).toMatchObject(up({ [issuer.issuer]: { status: 'up' } }));
});

test('it stays up with the keys there are while the issuer is away, and as long as tokens are accepted', async () => {
  const clock = stopClocks();
  const { start: start0 } = clock;
  await start();
  const call = async () => {
    const token = await issuer.token({ aud: `${server.origin}/mcp`, exp: start0 / 1000 + 2 * 3600 });
    return (await post(`${server.origin}/mcp`, toolCall('find'), { token })).status;
  };
  expect(await call()).toBe(200);
  break500(issuer);
  clock.moveTo(start0 + 59 * MINUTE);
  expect(await probe()).toMatchObject(up({ [issuer.issuer]: { status: 'up', keysAgeMs: 59 * 60_000 } }));
  expect(await call()).toBe(200);
  clock.moveTo(start0 + 61 * MINUTE);
  expect(await probe()).toMatchObject(down({ [issuer.issuer]: { status: 'down' } }));
  expect(await call()).toBe(503);
});

test('of several issuers it names each, and is down where one is', async () => {
  const others = await Promise.all([TestIssuer.start('/realms/a'), TestIssuer.start()]);
  const [second, third] = others;
  const issuers: IssuerOptions[] = [issuer, ...others].map(({ issuer: name }) => ({ issuer: name }));
  const clock = stopClocks();
  await start({ issuers });
  const all = Object.fromEntries(issuers.map(({ issuer: name }) => [name, { status: 'up', keysAgeMs: 0 }]));
  expect(await probe()).toMatchObject(up(all));
  await third.close();
  clock.moveTo(clock.start + 120 * MINUTE);
  expect(await probe()).toMatchObject(down({ ...all, [third.issuer]: { status: 'down' } }));
  await second.close();
});

describe('an issuer that nothing need be fetched from', () => {
  test('is up with the keys of the configuration', async () => {
    const keys = issuer.keys.map(({ publicJwk }) => publicJwk);
    await start({ issuers: [{ issuer: issuer.issuer, jwks: { keys } }] });
    expect(await probe()).toMatchObject(up({ [issuer.issuer]: { status: 'up' } }));
    expect(issuer.requests).toEqual([]);
  });

  test('is up where it is asked about each token, at an address of the configuration', async () => {
    const introspection = { ...asked, endpoint: `${issuer.origin}/introspect` };
    await start({ issuers: [{ issuer: issuer.issuer, introspection }] });
    expect((await probe()).details).toEqual(up({ [issuer.issuer]: { status: 'up' } }).details);
    expect(issuer.requests).toEqual([]);
  });

  test('is up where no tokens need issuers', async () => {
    await start({ issuers: [], access: { anonymous: true } });
    expect(await probe()).toMatchObject(up({}));
  });
});

test('an issuer that is asked about each token is up with its metadata, and without keys', async () => {
  const address = '/.well-known/oauth-authorization-server';
  issuer.answers.set(address, (_request, response) => {
    sendJson(response, 200, { ...issuer.metadata(), introspection_endpoint: `${issuer.origin}/introspect` });
  });
  const issuers = [{ issuer: issuer.issuer, introspection: asked }];
  await start({ issuers });
  expect((await probe()).details).toEqual(up({ [issuer.issuer]: { status: 'up' } }).details);
  expect(issuer.requests).toEqual([address]);
  await server.close();
  break500(issuer, address);
  await start({ issuers });
  expect(await probe()).toMatchObject(down({ [issuer.issuer]: { status: 'down' } }));
});

test('probes ask an issuer that is well once, and one that is not no more often than tokens would', async () => {
  stopClocks();
  await start();
  for (let count = 0; count < 5; count += 1) await probe();
  expect(issuer.requests.filter((path) => path === '/jwks')).toHaveLength(1);
  await server.close();
  break500(issuer);
  issuer.requests.length = 0;
  await start();
  for (let count = 0; count < 5; count += 1) await probe();
  // The first failure, the second, and then a pause.
  expect(issuer.requests.filter((path) => path === '/jwks')).toHaveLength(2);
});

test('no probe waits for ever: where an issuer does not answer, the time that its answers are given ends it', async () => {
  const controllers: AbortController[] = [];
  let asked: () => void = () => undefined;
  const isAsked = new Promise<void>((resolve) => (asked = resolve));
  issuer.answers.set('/jwks', () => {
    asked();
  });
  const timeout = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => {
    const controller = new AbortController();
    controllers.push(controller);
    return controller.signal;
  });
  await start();
  const answers = Promise.all([probe(), probe()]);
  await isAsked;
  expect(timeout.mock.calls.every(([milliseconds]) => milliseconds <= 5_000)).toBe(true);
  controllers.at(-1)?.abort();
  for (const answer of await answers) expect(answer).toMatchObject(down({ [issuer.issuer]: { status: 'down' } }));
  expect(issuer.requests.filter((path) => path === '/jwks')).toHaveLength(1);
});

test('issuers that were found for tokens are counted, and one that is down takes nothing from the others', async () => {
  const pattern = `${issuer.origin}/realms/*`;
  const realm = (name: string) => `${issuer.origin}/realms/${name}`;
  issuer.answers.set('/.well-known/oauth-authorization-server/realms/good', (_request, response) => {
    sendJson(response, 200, { ...issuer.metadata(), issuer: realm('good') });
  });
  await start({ issuerResolver: { pattern, resolve: (iss) => ({ issuer: iss }) } });
  const statusOf = async (name: string) => {
    const token = await issuer.token({ iss: realm(name), aud: `${server.origin}/mcp` });
    return (await post(`${server.origin}/mcp`, toolCall('find'), { token })).status;
  };
  expect([await statusOf('good'), await statusOf('bad')]).toEqual([200, 503]);
  const { status, details } = await probe();
  expect(status).toBe(200);
  expect(details['mcp-auth']).toMatchObject({
    status: 'up',
    resolvedIssuers: { up: 1, down: 1, downIssuers: [realm('bad')] },
  });
});
