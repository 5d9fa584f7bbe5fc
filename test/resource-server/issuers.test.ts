import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { listMetadataAddresses } from '../../lib/resource-server/issuers/issuer-metadata.js';
import { stopClocks } from '../support/clocks.js';
import { optionsFor } from '../support/module-options.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  hello(): string {
    return 'hello';
  }
}

let issuer: TestIssuer;
let application: TestApplication;

async function start(path = ''): Promise<void> {
  issuer = await TestIssuer.start(path);
  application = await startApplication({
    imports: (origin) => [McpAuthModule.forRoot(optionsFor(origin, issuer.issuer))],
    providers: [Tools],
  });
}

/** Status of a call with a good token, signed by the issuer's newest key. */
async function call(header: Record<string, unknown> = {}): Promise<number> {
  const resource = `${application.origin}/mcp`;
  const token = await issuer.token({ aud: resource }, header, issuer.keys.at(-1));
  return (await post(resource, toolCall('hello'), { token })).status;
}

const fetchesOf = (path: string) => issuer.requests.filter((request) => request === path).length;

beforeEach(() => start());

afterEach(async () => {
  jest.restoreAllMocks();
  await application.close();
  await issuer.close();
});

describe('metadata', () => {
  test.each([
    ['https://id.example', ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']],
    ['https://id.example/', ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']],
    [
      'https://id.example/realms/acme',
      [
        '/.well-known/oauth-authorization-server/realms/acme',
        '/.well-known/openid-configuration/realms/acme',
        '/realms/acme/.well-known/openid-configuration',
      ],
    ],
  ])('of %s is looked for in the order of the specification', (identifier, paths) => {
    expect(listMetadataAddresses(identifier)).toEqual(paths.map((path) => `https://id.example${path}`));
  });

  test.each([0, 1, 2])('is found at address %i', async (index) => {
    await application.close();
    await issuer.close();
    await start('/realms/acme');
    const paths = listMetadataAddresses(issuer.issuer).map((address) => address.slice(issuer.origin.length));
    for (const path of paths)
      issuer.answers.set(path, (_request, response) => {
        sendJson(response, 404, {});
      });
    issuer.answers.set(paths[index] ?? '', (_request, response) => {
      sendJson(response, 200, issuer.metadata());
    });
    expect(await call()).toBe(200);
    expect(issuer.requests).toEqual([...paths.slice(0, index + 1), '/jwks']);
  });

  test('and keys are fetched once, when first needed, also for many at once', async () => {
    expect(issuer.requests).toEqual([]);
    expect(await Promise.all(Array.from({ length: 20 }, () => call()))).toEqual(Array.from({ length: 20 }, () => 200));
    expect(issuer.requests).toEqual(['/.well-known/oauth-authorization-server', '/jwks']);
  });

  test.each<[string, (metadata: Record<string, unknown>) => unknown]>([
    ['names another issuer', (metadata) => ({ ...metadata, issuer: 'https://other.example' })],
    ['names the issuer with a slash more', (metadata) => ({ ...metadata, issuer: `${String(metadata.issuer)}/` })],
    ['names no issuer', (metadata) => ({ ...metadata, issuer: undefined })],
    ['has no keys', (metadata) => ({ ...metadata, jwks_uri: undefined })],
    ['has its keys on plain http elsewhere', (metadata) => ({ ...metadata, jwks_uri: 'http://keys.example/jwks' })],
    [
      'has its token endpoint on plain http elsewhere',
      (metadata) => ({ ...metadata, token_endpoint: 'http://id.example/token' }),
    ],
    ['is no object', () => 'hello'],
  ])('that %s is not used: nobody passes, and nobody is told that the token is bad', async (_name, change) => {
    issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
      sendJson(response, 200, change(issuer.metadata()));
    });
    expect(await call()).toBe(503);
    expect(application.log.text).toMatch(/error The issuer http\S+ is unavailable/);
  });

  test('that redirects is not followed', async () => {
    issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    issuer.answers.set('/elsewhere', (_request, response) => {
      sendJson(response, 200, issuer.metadata());
    });
    expect(await call()).toBe(503);
  });

  test('is asked for again after a failure', async () => {
    issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
      sendJson(response, 500, {});
    });
    expect(await call()).toBe(503);
    issuer.answers.clear();
    expect(await call()).toBe(200);
  });

  test('is discovered anew after an hour', async () => {
    expect(await call()).toBe(200);
    const later = Date.now() + 61 * 60_000;
    const signed = await issuer.token({ aud: `${application.origin}/mcp`, exp: Math.floor(later / 1000) + 60 });
    jest.spyOn(Date, 'now').mockReturnValue(later);
    expect((await post(`${application.origin}/mcp`, toolCall('hello'), { token: signed })).status).toBe(200);
    expect(fetchesOf('/.well-known/oauth-authorization-server')).toBe(2);
  });

  test('still holds where it cannot be discovered anew', async () => {
    expect(await call()).toBe(200);
    const later = Date.now() + 61 * 60_000;
    const signed = await issuer.token({ aud: `${application.origin}/mcp`, exp: Math.floor(later / 1000) + 60 });
    issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
      sendJson(response, 500, {});
    });
    jest.spyOn(Date, 'now').mockReturnValue(later);
    expect((await post(`${application.origin}/mcp`, toolCall('hello'), { token: signed })).status).toBe(200);
  });
});

describe('keys', () => {
  const afterCoolDown = () => {
    const later = Date.now() + 11_000;
    jest.spyOn(Date, 'now').mockReturnValue(later);
  };

  test('that are new are found at once, however often the issuer rotates', async () => {
    for (let rotation = 0; rotation < 5; rotation++) {
      expect(await call()).toBe(200);
      issuer.keys = [];
      await issuer.addKey('ES256');
    }
    expect(fetchesOf('/jwks')).toBe(5);
  });

  test('that are new are found after a flood of random ones, once the cool-down has passed', async () => {
    expect(await call()).toBe(200);
    expect(await call({ kid: 'random' })).toBe(401);
    issuer.keys = [];
    await issuer.addKey('ES256');
    expect(await call()).toBe(401);
    afterCoolDown();
    expect(await call()).toBe(200);
  });

  test('serve while the issuer is down, for an hour, and then nobody passes, which is no fault of the token', async () => {
    const resource = `${application.origin}/mcp`;
    const start = Date.now();
    const token = await issuer.token({ aud: resource, exp: Math.floor(start / 1000) + 7200 });
    expect((await post(resource, toolCall('hello'), { token })).status).toBe(200);
    issuer.answers.set('/jwks', (_request, response) => {
      sendJson(response, 500, {});
    });
    const statusAfter = async (minutes: number) => {
      jest.spyOn(Date, 'now').mockReturnValue(start + minutes * 60_000);
      return (await post(resource, toolCall('hello'), { token })).status;
    };
    expect(await statusAfter(11)).toBe(200);
    expect(await statusAfter(59)).toBe(200);
    expect(await statusAfter(61)).toBe(503);
    issuer.answers.clear();
    expect(await statusAfter(62)).toBe(200);
  });

  test('serve while the issuer accepts connections and says nothing: nobody waits until that has failed', async () => {
    expect(await call()).toBe(200);
    const now = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(now + 11 * 60_000);
    let isWaiting = false;
    issuer.answers.set('/jwks', (_request, response) => {
      isWaiting = true;
      response.on('close', () => (isWaiting = false));
    });
    const resource = `${application.origin}/mcp`;
    const token = await issuer.token({ aud: resource, exp: Math.floor(now / 1000) + 3_600 });
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await post(resource, toolCall('hello'), { token })).status),
    );
    expect(statuses).toEqual(Array.from({ length: 20 }, () => 200));
    expect(isWaiting).toBe(true);
  });

  test('of a flood of garbage during an outage, few requests reach the issuer, and few lines the log', async () => {
    issuer.answers.set('/jwks', (_request, response) => {
      sendJson(response, 500, {});
    });
    stopClocks();
    for (let index = 0; index < 30; index++) expect(await call({ kid: `random-${index}` })).toBe(503);
    expect(fetchesOf('/jwks')).toBe(2);
    const told = application.log.lines.filter((line) => line.startsWith(`error The issuer ${issuer.issuer} `));
    expect(told).toHaveLength(2);
  });

  test('in a set with things that are no keys are found all the same', async () => {
    issuer.answers.set('/jwks', (_request, response) => {
      const keys = issuer.keys.map(({ publicJwk }) => publicJwk);
      sendJson(response, 200, { keys: [null, 1, 'key', {}, { kty: 'XX' }, { kty: 'RSA' }, ...keys] });
    });
    expect(await call()).toBe(200);
  });

  test('for other uses are not taken', async () => {
    issuer.answers.set('/jwks', (_request, response) => {
      sendJson(response, 200, {
        keys: issuer.keys.map(({ publicJwk }) => ({ ...publicJwk, use: undefined, key_ops: ['encrypt'] })),
      });
    });
    expect(await call()).toBe(503);
  });

  test('in a set without an end are not read to it', async () => {
    issuer.answers.set('/jwks', (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const chunk = 'x'.repeat(64 * 1024);
      const write = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', write);
      };
      write();
    });
    expect(await call()).toBe(503);
  });

  test('that nobody knows cost the issuer two fetches per cool-down, one of them for those who came during the first', async () => {
    expect(await call()).toBe(200);
    afterCoolDown();
    // However long all of them take here, no time passes.
    jest.spyOn(performance, 'now').mockReturnValue(performance.now());
    const before = fetchesOf('/jwks');
    for (let round = 0; round < 4; round++) {
      const statuses = await Promise.all(Array.from({ length: 50 }, (_, index) => call({ kid: `${round}-${index}` })));
      expect(new Set(statuses)).toEqual(new Set([401]));
    }
    expect(fetchesOf('/jwks') - before).toBeLessThanOrEqual(2);
  });

  test('that the issuer withdraws stop counting', async () => {
    expect(await call()).toBe(200);
    const [old] = issuer.keys;
    await issuer.addKey('ES256');
    issuer.keys.shift();
    const later = Date.now() + 11 * 60_000;
    const resource = `${application.origin}/mcp`;
    const token = await issuer.token({ aud: resource, exp: Math.floor(later / 1000) + 60 }, {}, old);
    expect((await post(resource, toolCall('hello'), { token })).status).toBe(200);
    jest.spyOn(Date, 'now').mockReturnValue(later);
    expect((await post(resource, toolCall('hello'), { token })).status).toBe(401);
  });

  test('without kid are used where a single one fits', async () => {
    expect(await call({ kid: undefined })).toBe(200);
  });

  test.each<[string, unknown]>([
    ['is no JSON object', 'hello'],
    ['has no keys', { keys: [] }],
    ['has symmetric keys alone', { keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'a' }] }],
  ])('in a set that %s let nobody pass', async (_name, set) => {
    issuer.answers.set('/jwks', (_request, response) => {
      sendJson(response, 200, set);
    });
    expect(await call()).toBe(503);
  });

  test('that cannot be had let nobody pass, until they can', async () => {
    issuer.answers.set('/jwks', (_request, response) => {
      sendJson(response, 500, {});
    });
    expect(await call()).toBe(503);
    issuer.answers.set('/jwks', (_request, response) => {
      response.destroy();
    });
    expect(await call()).toBe(503);
    issuer.answers.clear();
    afterCoolDown();
    expect(await call()).toBe(200);
  });
});
