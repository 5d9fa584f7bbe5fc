import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const CLIENTS = 8;

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  ping(): string {
    return 'pong';
  }
}

let server: ProtectedServer;

beforeEach(async () => {
  // The clients are one caller, and ask as often as they can.
  const limits = { rate: { acceptUnlimitedRequests: true } } as const;
  server = await startProtectedServer({ providers: [Tools], options: { limits } });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server.close();
});

/** What clients get that all call again and again, each with a token of its own, until `during` is over. */
async function statusesWhile(during: () => Promise<void>): Promise<Map<number, number>> {
  const statuses = new Map<number, number>();
  let isOver = false;
  const client = async () => {
    do {
      const key = server.issuer.keys.at(-1);
      const token = await server.issuer.token({ aud: server.resource }, {}, key);
      const { status } = await post(server.resource, toolCall('ping'), { token });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    } while (!isOver);
  };
  await Promise.all([
    ...Array.from({ length: CLIENTS }, client),
    during().finally(() => {
      isOver = true;
    }),
  ]);
  return statuses;
}

async function calls(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await post(server.resource, toolCall('ping'), { token: await server.token() });
  }
}

const fetchesOfKeys = () => server.issuer.requests.filter((path) => path === '/jwks').length;

function issuerGoesAway(): void {
  for (const path of ['/jwks', '/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']) {
    server.issuer.answers.set(path, (request) => {
      request.socket.destroy();
    });
  }
}

describe('under load', () => {
  test('no request is dropped while the issuer rotates its keys, each of which costs it a fetch or two', async () => {
    const rotations = 10;
    const statuses = await statusesWhile(async () => {
      for (let rotation = 0; rotation < rotations; rotation++) {
        // Published before it signs, and the one before it stays for a while, as issuers do.
        await server.issuer.addKey('ES256');
        server.issuer.keys = server.issuer.keys.slice(-2);
        await calls(5);
      }
    });
    expect([...statuses.keys()]).toEqual([200]);
    expect(fetchesOfKeys()).toBeLessThanOrEqual(1 + 2 * rotations);
  });

  test('no request is dropped while the issuer is away, and comes back with other keys', async () => {
    await calls(1);
    const statuses = await statusesWhile(async () => {
      issuerGoesAway();
      await calls(20);
      server.issuer.answers.clear();
      await server.issuer.addKey('ES256');
      await calls(20);
    });
    expect([...statuses.keys()]).toEqual([200]);
  });

  test('who comes while nobody can tell is asked to come again, and served once the issuer is back', async () => {
    issuerGoesAway();
    const away = await statusesWhile(() => calls(5));
    expect([...away.keys()]).toEqual([503]);
    const response = await post(server.resource, toolCall('ping'), { token: await server.token() });
    expect(response.headers.get('retry-after')).toBe('10');
    expect(response.headers.get('www-authenticate')).toBeNull();
    server.issuer.answers.clear();
    const later = Date.now() + 20_000;
    jest.spyOn(Date, 'now').mockImplementation(() => later);
    const back = await statusesWhile(() => calls(5));
    expect([...back.keys()]).toEqual([200]);
  });

  test('a flood of tokens with random keys costs the issuer next to nothing, and good tokens nothing', async () => {
    await calls(1);
    const before = fetchesOfKeys();
    const stranger = await startProtectedServer({ providers: [Tools] });
    const flood = async () => {
      for (let index = 0; index < 100; index++) {
        const token = await stranger.issuer.token(
          { aud: server.resource, iss: server.issuer.issuer },
          { kid: `k${index}` },
        );
        expect((await post(server.resource, toolCall('ping'), { token })).status).toBe(401);
      }
    };
    // However long the flood takes here, no time passes.
    jest.spyOn(Date, 'now').mockReturnValue(Date.now());
    jest.spyOn(performance, 'now').mockReturnValue(performance.now());
    const statuses = await statusesWhile(flood);
    await stranger.close();
    expect([...statuses.keys()]).toEqual([200]);
    expect(fetchesOfKeys() - before).toBeLessThanOrEqual(2);
  });
});
