import { readFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { McpAuthModule } from 'nestjs-mcp-auth';
import { address } from '../../docs/.vitepress/site.js';
import { slugOf } from '../../docs/.vitepress/slug.js';
import { startAuditedServer, type AuditedServer } from '../observability/audited-server.js';
import { post, toolCall } from '../support/mcp-request.js';
import { sendJson } from '../support/test-issuer.js';
import { codesOf } from './error-classes.js';

/** Anchors of the headings of a page, as GitHub makes them. */
function anchorsOf(page: string): ReadonlySet<string> {
  const headings = readFileSync(`docs/${page}.md`, 'utf8').matchAll(/^#+ (.+)$/gm);
  return new Set(Array.from(headings, ([, heading = '']) => slugOf(heading)));
}

/** Members of a union of texts. */
function membersOf(union: string, file: string): readonly string[] {
  const [, body = ''] = new RegExp(`export type ${union} =([^;]*);`).exec(readFileSync(file, 'utf8')) ?? [];
  return Array.from(body.replaceAll(/\/\*\*.*?\*\//gs, '').matchAll(/'(\w+)'/g), ([, member = '']) => member);
}

/** The section that a text for operators leads to. */
function sectionOf(text: unknown): string {
  const [, page = '', anchor = ''] =
    new RegExp(`See ${address.replaceAll('.', String.raw`\.`)}([\\w/-]+)#([\\w-]+)`).exec(String(text)) ?? [];
  expect(anchorsOf(page)).toContain(anchor);
  return `${page}#${anchor}`;
}

const EVENTS = 'lib/observability/audit-event.ts';

describe.each([
  ['operation_denied', membersOf('DenialReason', EVENTS)],
  ['request_refused', membersOf('RequestRefusal', EVENTS)],
  ['token_rejected', membersOf('TokenProblem', 'lib/observability/audit-links.ts')],
])('%s', (type, reasons) => {
  test('has reasons', () => {
    expect(reasons.length).toBeGreaterThan(8);
  });

  test.each(reasons)('has a section for %s', (reason) => {
    expect(anchorsOf('reference/events')).toContain(`${type}-${reason}`);
  });
});

test.each([...new Set(readFileSync(EVENTS, 'utf8').match(/(?<=type: [^;}]*')[a-z]+_[a-z_]+(?=')/g))])(
  'the event %s has a section',
  (type) => {
    expect(anchorsOf('reference/events')).toContain(type);
  },
);

test.each(codesOf('McpAuthErrorCode'))('the error %s has a section', (code) => {
  expect(anchorsOf('reference/errors')).toContain(code);
});

test('options that cannot work say where the documents tell more', async () => {
  const boot = NestFactory.createApplicationContext(McpAuthModule.forRoot({} as never), {
    logger: false,
    abortOnError: false,
  });
  const thrown = await boot.then(String, String);
  expect(sectionOf(thrown)).toBe('reference/errors#invalid_configuration');
});

describe.each(['express', 'fastify'] as const)('what a server tells its operator, on %s', (platform) => {
  let server: AuditedServer;
  beforeAll(async () => {
    server = await startAuditedServer({ platform });
  });
  beforeEach(() => {
    server.events.length = 0;
  });
  afterAll(() => server.close());

  const bearer = async (scopes: string, claims = {}) => ({
    headers: { authorization: `Bearer ${await server.token(scopes, claims)}` },
  });

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'a token that has expired',
      async () => await post(server.resource, toolCall('find'), await bearer('orders:read', { exp: 1 })),
      'events#token_rejected-time',
    ],
    [
      'a token for another server',
      async () => await post(server.resource, toolCall('find'), await bearer('', { aud: 'https://other.example.com' })),
      'events#token_rejected-audience',
    ],
    [
      'an opaque token',
      () => post(server.resource, toolCall('find'), { headers: { authorization: 'Bearer opaque' } }),
      'events#token_rejected-issuer',
    ],
    [
      'a token of another scheme',
      () => post(server.resource, toolCall('find'), { headers: { authorization: 'Basic YTpi' } }),
      'events#token_rejected-credentials',
    ],
    [
      'a scope that is missing',
      async () => await post(server.resource, toolCall('find'), await bearer('mail')),
      'events#operation_denied-insufficient_scope',
    ],
    [
      'an origin that is not allowed',
      () => post(server.resource, toolCall('find'), { headers: { origin: 'https://evil.example.com' } }),
      'events#request_refused-origin',
    ],
  ])('%s has an event that leads to its section', async (_name, send, section) => {
    await send();
    expect(sectionOf((server.only() as { readonly fix?: string }).fix)).toBe(`reference/${section}`);
    expect(sectionOf(server.log.text)).toMatch(/^reference\/events#/);
  });

  test('a token that cannot be had has an event and a line of the log that lead to its code', async () => {
    server.issuer.answers.set('/token', (_request, response) => {
      sendJson(response, 401, { error: 'invalid_client' });
    });
    await post(server.resource, toolCall('orders'), await bearer(''));
    const event = server.events.find(({ type }) => type === 'token_exchange_failed');
    expect(sectionOf((event as { readonly fix?: string } | undefined)?.fix)).toBe('reference/errors#client_rejected');
    const line = server.log.lines.find((one) => one.includes('(client_rejected)'));
    expect(sectionOf(line)).toBe('reference/errors#client_rejected');
    expect(line).toMatch(/[^.]\. See https/);
  });
});
