import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { toolCall } from '../support/mcp-request.js';
import { expectExplained, RefusingServer } from './refusing-server.js';

const servers = () => ({
  plain: {
    endpoint: {
      maxBodySize: 2_000,
      allowedHosts: ['mcp.example', 'mcp.internal:8080'],
      allowedOrigins: ['https://app.example'],
    },
  },
  narrow: { endpoint: { maxBodySize: 100 } },
});

interface Row {
  readonly of?: keyof ReturnType<typeof servers>;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: unknown;
  readonly status: number;
  readonly reason: string;
  readonly detail: RegExp;
  readonly fix: RegExp;
}

const rows: Record<string, Row> = {
  'for another host': {
    headers: { host: 'orders.example:443' },
    status: 403,
    reason: 'host',
    detail:
      /^its Host is "orders\.example:443", and wanted is "127\.0\.0\.1:\d+" or "mcp\.example" or "mcp\.internal:8080"$/,
    fix: /`endpoint\.allowedHosts`/,
  },
  'for another host, with a token and much text in it': {
    headers: { host: `eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl.${'x'.repeat(3_000)}` },
    status: 403,
    reason: 'host',
    detail: /^its Host is "\[token\]x{0,200}(\.\.\.)?", and wanted/,
    fix: /`endpoint\.allowedHosts`/,
  },
  'from another origin': {
    headers: { origin: 'https://evil.example' },
    status: 403,
    reason: 'origin',
    detail:
      /^its Origin is "https:\/\/evil\.example", and wanted is "http:\/\/127\.0\.0\.1:\d+" or "https:\/\/app\.example"$/,
    fix: /`endpoint\.allowedOrigins`/,
  },
  'that is too large': {
    of: 'narrow',
    status: 413,
    reason: 'size',
    detail: /^its message has \d{3} bytes, and wanted are 100 bytes at most$/,
    fix: /`endpoint\.maxBodySize`/,
  },
  'that is too deep': {
    body: { ...toolCall('find'), params: nest(100) },
    status: 400,
    reason: 'depth',
    detail: /^its message has more than \d+ levels of JSON$/,
    fix: /flatter/,
  },
};

describe.each(['express', 'fastify'] as const)('a request that is refused, on %s', (platform) => {
  let server: RefusingServer;

  beforeAll(async () => {
    server = await RefusingServer.start(platform, servers);
  });
  afterAll(() => server.close());

  test.each(Object.entries(rows))('%s: operators see what came, what was wanted and what to do', async (_name, row) => {
    const { of = 'plain', headers = {}, body } = row;
    const refused = await server.refuse(of, headers, body === undefined ? {} : { body });
    expectExplained(refused, row);
    expect(refused.event.type).toBe('request_refused');
  });
});

function nest(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { value };
  return value;
}
