import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SpanKind, trace } from '@opentelemetry/api';
import type { DownstreamRequest, DownstreamResponse } from 'nestjs-mcp-auth';
import { Telemetry } from '../observability/telemetry.js';
import { answer, answersInTurn } from './answers.js';
import { startRunningTool, type RunningTool } from './running-tool.js';

let tool: RunningTool;

afterEach(() => tool.close());

describe('hooks', () => {
  const seen: unknown[] = [];

  beforeEach(async () => {
    seen.length = 0;
    tool = await startRunningTool({
      orders: {
        http: {
          onRequest: ({ downstream, tool: name, caller, method, url, headers, attempt }: DownstreamRequest) => {
            seen.push([downstream, name, caller?.subject, method, url.pathname, attempt, [...headers.keys()]]);
            headers.set('x-tenant', 'acme');
            for (const reserved of ['authorization', 'cookie', 'dpop', 'host']) headers.set(reserved, 'mine');
          },
          onResponse: async ({ status, headers, durationMs }: DownstreamResponse, { attempt }: DownstreamRequest) => {
            await Promise.resolve();
            seen.push([status, headers.get('x-a'), durationMs > 0, attempt]);
          },
        },
      },
    });
  });

  test('see each attempt, without its token, and may add to its headers', async () => {
    answersInTurn(tool.orders, '/v1/x', answer(503, { 'x-a': '1' }), answer(200, { 'x-a': '2' }));
    await tool.returned(({ fetch }) => fetch('/x', { headers: { 'x-b': '1' } }));
    expect(seen).toEqual([
      ['orders', 'one', 'alice', 'GET', '/v1/x', 1, ['x-b']],
      [503, '1', true, 1],
      ['orders', 'one', 'alice', 'GET', '/v1/x', 2, ['x-b']],
      [200, '2', true, 2],
    ]);
    expect(tool.orders.last).toMatchObject({ claims: { aud: 'orders-api' }, headers: { 'x-tenant': 'acme' } });
    expect(tool.orders.last.headers).not.toHaveProperty('cookie');
    expect(tool.orders.last.headers.host).toBe(new URL(tool.orders.origin).host);
  });

  test('do not see where a redirect leads elsewhere', async () => {
    answersInTurn(tool.orders, '/v1/x', answer(302, { location: `${tool.billing.origin}/file` }));
    await tool.returned(({ fetch }) => fetch('/x'));
    expect(seen).toHaveLength(2);
    expect(tool.billing.last.headers).not.toHaveProperty('x-tenant');
  });
});

test('what a hook throws fails the call, and nothing is sent', async () => {
  tool = await startRunningTool({
    orders: {
      http: {
        onRequest: () => {
          throw new Error('no tenant');
        },
      },
    },
  });
  expect(await tool.run(({ fetch }) => fetch('/x'))).toMatchObject({ isError: true });
  expect(tool.orders.requests).toEqual([]);
});

describe('traces', () => {
  let telemetry: Telemetry;

  beforeEach(() => {
    telemetry = new Telemetry();
    telemetry.register();
  });
  afterEach(() => telemetry.unregister());

  test('go on to the API, one span for each attempt, without its path', async () => {
    tool = await startRunningTool();
    answersInTurn(tool.orders, '/v1/people/alice?q=1', answer(503), answer(200));
    await tool.returned(({ fetch }) => fetch('/people/alice?q=1'));
    const server = await telemetry.request();
    const spans = telemetry.spans.filter(
      ({ kind, attributes }) => kind === SpanKind.CLIENT && attributes['http.request.method'] !== undefined,
    );
    expect(spans.map(({ name, attributes }) => [name, attributes['http.response.status_code']])).toEqual([
      ['GET', 503],
      ['GET', 200],
    ]);
    expect(spans.map(({ parentSpanContext }) => parentSpanContext?.spanId)).toEqual(
      Array(2).fill(server.spanContext().spanId),
    );
    expect(JSON.stringify(spans.map(({ name, attributes }) => [name, attributes]))).not.toMatch(/people|alice|q=1/);
    expect(tool.orders.requests.map(({ headers }) => headers.traceparent)).toEqual(
      spans.map((span) => `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`),
    );
  });

  test('tell why there was no answer', async () => {
    tool = await startRunningTool({ orders: { http: { retries: 0 } } });
    answersInTurn(tool.orders, '/v1/x', (request) => request.socket.destroy());
    await tool.run(({ fetch }) => fetch('/x'));
    await telemetry.request();
    expect(telemetry.spans.map(({ attributes }) => attributes['error.type'])).toContain('downstream_unreachable');
  });
});

test('without OpenTelemetry nothing is added', async () => {
  tool = await startRunningTool();
  await tool.returned(({ fetch }) => fetch('/x'));
  expect(trace.getActiveSpan()).toBeUndefined();
  expect(tool.orders.last.headers).not.toHaveProperty('traceparent');
});
