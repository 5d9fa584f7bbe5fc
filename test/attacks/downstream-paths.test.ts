import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { DownstreamClient, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { callTool, textOf } from '../support/mcp-request.js';

const input = z.object({ id: z.string() });

/** Tools that put what a client sends into the address of an API, as it came. */
@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', input, downstream: 'orders' })
  async last({ id }: { id: string }): Promise<string> {
    return String((await this.downstream.fetch(`/orders/${id}`)).status);
  }

  @McpTool({ description: 'x', input, downstream: 'orders' })
  async between({ id }: { id: string }): Promise<string> {
    return String((await this.downstream.fetch(`orders/${id}/items?x=1`)).status);
  }

  @McpTool({ description: 'x', input, downstream: 'orders' })
  async absolute({ id }: { id: string }): Promise<string> {
    return String((await this.downstream.fetch(`${api}/orders/${id}`)).status);
  }

  @McpTool({ description: 'x', input, downstream: 'orders' })
  async whole({ id }: { id: string }): Promise<string> {
    return String((await this.downstream.fetch(id)).status);
  }
}

const climbing = ['..', '../customers/1', 'x/../../customers/1', './../../customers/1', '.'];

/** Spellings of a dot segment, for the URL parser or for a server behind it. */
const spelled = (path: string): readonly string[] => [
  path,
  path.replaceAll('..', '.\t.'),
  path.replaceAll('..', '.\n.'),
  path.replaceAll('..', '.\r.'),
  path.replaceAll('..', '\t..'),
  path.replaceAll('..', '..\n'),
  path.replaceAll('..', '.\r\n\t.'),
  path.replaceAll('/', '\\'),
  path.replaceAll('/', '\t/\n'),
  path.replaceAll('..', '%2e%2e'),
  path.replaceAll('..', '.%2E'),
  path.replaceAll('..', '%2e\t%2e'),
  path.replaceAll('..', '%\t2e.'),
  path.replaceAll('..', '%252e%252e'),
  path.replaceAll('..', '%25252e.'),
  path.replaceAll('..', '.%09.'),
  path.replaceAll('..', '..%00'),
  path.replaceAll('..', '..%20'),
  path.replaceAll('..', '%20..'),
  path.replaceAll('..', '..%0d%0a'),
  path.replaceAll('..', '..;'),
  path.replaceAll('..', '..;jsessionid=1'),
  path.replaceAll('..', '..%3b'),
  path.replaceAll('..', '..%253b'),
  path.replaceAll('..', '..%3f'),
  path.replaceAll('..', '..%23'),
  path.replaceAll('..', '%c0%ae%c0%ae'),
  path.replaceAll('..', '%u002e%u002e'),
  path.replaceAll('..', '\uff0e\uff0e'),
  path.replaceAll('..', '%uff0e.'),
  path.replaceAll('/', '%2f'),
  path.replaceAll('/', '%5C'),
  path.replaceAll('/', '%252F'),
  path.replaceAll('/', '%c0%af'),
  path.replaceAll('/', '%u2215/').replaceAll('%u2215/', '\uff0f'),
];

let server: DownstreamServer;
let api: string;

beforeAll(async () => {
  server = await startDownstreamServer({ providers: [Tools] });
  api = `${server.orders.origin}/v1`;
});
afterEach(() => {
  server.orders.requests.length = 0;
  server.billing.requests.length = 0;
});
afterAll(() => server.close());

async function call(tool: string, id: string) {
  return await callTool(server.resource, await server.token(), tool, { id });
}

async function expectRefused(tool: string, id: string): Promise<void> {
  const result = await call(tool, id);
  expect({ reached: server.orders.requests.map(({ path }) => path), isError: result.isError }).toEqual({
    reached: [],
    isError: true,
  });
  expect(server.log.lines.at(-1)).toContain("leaves the downstream's base URL");
}

const paths = [...new Set(climbing.flatMap(spelled))].filter((path) => path !== '.' || climbing.includes(path));

describe.each(['last', 'between', 'absolute'])('a path that climbs, in the tool "%s"', (tool) => {
  test.each(paths.map((path) => [JSON.stringify(path), path] as const))('%s', async (_name, path) => {
    await expectRefused(tool, path);
  });
});

describe('characters that the URL parser removes', () => {
  test.each(['7\t', '7\n', '\r7', '7\u00007', '7\u001f', '7\u007f', '7 ', '7?q=\t', '7?q=1 ', '7#\n'])(
    'are refused: %j',
    async (id) => {
      await expectRefused('last', id);
    },
  );
});

describe('an address instead of a path', () => {
  const rows: readonly (readonly [string, (base: string) => string])[] = [
    ['of another host', () => 'https://evil.example/v1/orders'],
    ['of another host, in capitals', () => 'HTTPS://EVIL.EXAMPLE/v1/orders'],
    ['with credentials', (base) => base.replace('//', '//alice:secret@')],
    ['with a user', (base) => base.replace('//', '//alice@')],
    ['with the host as a user', (base) => `${base.replace('/v1', '')}@evil.example/v1`],
    ['with the host as a user, behind a backslash', (base) => `${base.replace('/v1', '')}\\@evil.example/v1`],
    ['with a host that begins alike', (base) => `${base.replace('/v1', '')}.evil.example/v1`],
    ['with one slash', (base) => base.replace('//', '/')],
    ['without slashes', (base) => base.replace('//', '')],
    ['with three slashes', (base) => base.replace('//', '///')],
    ['with backslashes', (base) => base.replace('//', '\\\\')],
    ['with a TAB in its scheme', (base) => base.replace('http', 'ht\ttp')],
    ['with a TAB in its host', (base) => base.replace('127.0.0.1', '127.\t0.0.1').replace('localhost', 'local\thost')],
    ['beside the base', (base) => `${base}2/orders`],
    ['above the base', (base) => base.replace('/v1', '/')],
    ['in capitals', (base) => base.replace('/v1', '/V1/orders')],
    ['that climbs', (base) => `${base}/../customers/1`],
    ['that climbs behind an encoded slash', (base) => `${base}/x%2f..%2f..%2fcustomers`],
    ['that is encoded without end', (base) => `${base}/%${'25'.repeat(50)}2e`],
    ['of a file', () => 'file:///etc/passwd'],
    ['of data', () => 'data:text/plain,x'],
    ['of a script', () => 'javascript:alert(1)'],
    ['of none', () => 'http://'],
    ['that is none', () => 'http://[::1'],
  ];
  test.each(rows)('%s', async (_name, address) => {
    await expectRefused('whole', address(api));
    expect(server.billing.requests).toEqual([]);
  });
});

describe('what stays below is sent as it was given', () => {
  test.each([
    ['7', '/v1/orders/7'],
    ['a%2Fb', '/v1/orders/a%2Fb'],
    ['a b', '/v1/orders/a%20b'],
    ['ä', '/v1/orders/%C3%A4'],
    ['100%', '/v1/orders/100%'],
    ['...', '/v1/orders/...'],
    ['.well-known', '/v1/orders/.well-known'],
    ['a..b', '/v1/orders/a..b'],
    ['v1;x=..a', '/v1/orders/v1;x=..a'],
    ['{"a":[`^|~]}', '/v1/orders/{"a":[`^|~]}'],
    ["7?q=it's ../.. fine&r=%2e%2e", '/v1/orders/7?q=it%27s%20../..%20fine&r=%2e%2e'],
    ['/evil.example', '/v1/orders//evil.example'],
    ['7#/../..', '/v1/orders/7'],
    ['\ud800', '/v1/orders/%EF%BF%BD'],
  ])('%j', async (id, path) => {
    expect(textOf(await call('last', id))).toBe('200');
    const sent = server.orders.last.path;
    expect([sent, new URL(sent, api).href]).toEqual([sent, new URL(path, api).href]);
  });
});

describe('a redirect', () => {
  const rows: readonly (readonly [string, (base: string) => string])[] = [
    ['to a path above the base', () => '/customers/1'],
    ['to one that climbs', () => '../../customers/1'],
    ['to one that climbs behind a TAB', () => '.\t./.\t./customers/1'],
    ['to one that climbs, encoded', () => '/v1/%2e%2e/customers/1'],
    ['to one that climbs for a server behind it', () => '/v1/x%2f..%2f..%2fcustomers/1'],
    ['to one that climbs, encoded twice', () => '/v1/%252e%252e/customers/1'],
    ['to another host', (base) => `${base}`],
    ['to another host without a scheme', (base) => base.replace('http:', '')],
  ];
  test.each(rows)('%s goes without the token', async (_name, location) => {
    const target = location(`${server.billing.origin}/v1/orders`);
    server.orders.answers.set('/v1/orders/7', (_request, response) => {
      response.writeHead(307, { location: target }).end();
    });
    await call('last', '7');
    server.orders.answers.clear();
    const [first, ...hops] = [...server.orders.requests, ...server.billing.requests];
    expect(first?.path).toBe('/v1/orders/7');
    expect(hops.map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });
});
