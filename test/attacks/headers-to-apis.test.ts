import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Headers as AllHeaders, Injectable, type INestApplication } from '@nestjs/common';
import { DownstreamClient, errors, McpTool } from 'nestjs-mcp-auth';
import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { startAuditedServer, type AuditedServer } from '../observability/audited-server.js';
import { Telemetry } from '../observability/telemetry.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startRunningTool, type RunningTool } from '../downstream/running-tool.js';

describe('headers that only the proxies of an API may set', () => {
  let tool: RunningTool;

  beforeAll(async () => {
    tool = await startRunningTool({
      orders: {
        http: {
          letToolsSteerProxies: ['X-Forwarded-Proto', 'x_http_method_override'],
          onRequest: ({ headers }) => {
            headers.set('x-tenant', 'acme');
          },
        },
      },
    });
  });
  afterEach(() => {
    tool.orders.requests.length = 0;
  });
  afterAll(() => tool.close());

  const NAMES = [
    'Forwarded',
    'forwarded',
    'Via',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Port',
    'X-Forwarded-Prefix',
    'X-Forwarded-User',
    'X-Forwarded-Client-Cert',
    'X-Forwarded-Server',
    'X-Forwarded',
    'X-Forward-For',
    'X_Forwarded_For',
    'X-HTTP-Method',
    'X-Method-Override',
    'X-Original-URL',
    'X-Original-Host',
    'X-Original-URI',
    'X-Original-Method',
    'X-Original-Forwarded-For',
    'X-Rewrite-URL',
    'X-Real-IP',
    'X-Real_IP',
    'X-Client-IP',
    'X-Cluster-Client-IP',
    'X-Remote-Addr',
    'X-Remote-User',
    'Remote-User',
    'True-Client-IP',
    'CF-Connecting-IP',
    'Fastly-Client-IP',
    'Client-Cert',
    'X-SSL-Client-Cert',
    'X-Client-Cert',
    'X-Host',
    'X-HTTP-Host-Override',
    'X-Envoy-Original-Path',
    'X-Middleware-Subrequest',
    'X-Auth-Request-User',
    'X-MS-Client-Principal',
    'X-Goog-Authenticated-User-Email',
    'X-Amzn-Oidc-Data',
    'Max-Forwards',
    'Proxy',
    'Front-End-Https',
  ];

  test.each(NAMES)('%s is an error, and nothing is sent', async (name) => {
    const forms: readonly ((origin: string) => Parameters<DownstreamClient['fetch']>)[] = [
      () => ['/orders', { headers: { [name]: '127.0.0.1' } }],
      () => ['/orders', { headers: [[name, '127.0.0.1']] }],
      () => ['/orders', { headers: new Headers({ [name]: '127.0.0.1' }) }],
      (origin) => [new Request(`${origin}/v1/orders`, { headers: { [name]: '127.0.0.1' } })],
    ];
    for (const make of forms) {
      for (const method of ['fetch', 'fetchOk', 'json'] as const) {
        const error = await tool.thrown((client) => client[method](...make(tool.orders.origin)));
        expect(error).toBeInstanceOf(errors.DownstreamError);
        expect(error).toMatchObject({ code: 'downstream_header_refused', downstream: 'orders' });
        expect(error.message).toContain(name.toLowerCase());
      }
    }
    expect(tool.orders.requests).toEqual([]);
  });

  test('what the downstream names is sent, in either spelling', async () => {
    const headers = { 'X-Forwarded-Proto': 'https', 'X-HTTP-Method-Override': 'PATCH' };
    await tool.returned(({ fetch }) => fetch('/orders', { headers }));
    expect(tool.orders.last.headers).toMatchObject({
      'x-forwarded-proto': 'https',
      'x-http-method-override': 'PATCH',
      'x-tenant': 'acme',
    });
  });

  test.each([
    ['authorization', {}],
    ['proxy-authorization', {}],
    ['proxy_authorization', {}],
    ['cookie', {}],
    ['dpop', {}],
    ['te', {}],
    ['trailer', {}],
    ['upgrade', {}],
    ['keep-alive', {}],
    ['proxy-connection', {}],
    ['transfer_encoding', {}],
    ['content_length', {}],
    ['x-hop', { connection: 'close, X-Hop' }],
    ['x_hop', { connection: 'x-hop' }],
  ])('%s is not sent', async (name, others) => {
    const headers: Record<string, string> = { ...others, [name]: 'mine', 'x-b': '1' };
    await tool.returned(({ fetch }) => fetch('/orders', { headers }));
    expect(tool.orders.last.headers).toMatchObject({ 'x-b': '1' });
    expect(tool.orders.last.headers[name]).not.toBe('mine');
  });

  test.each(['accept', 'x-tenant', 'if-match', 'x-client-version', 'x-request-id', 'idempotency-key', 'traceparent'])(
    '%s is for the tool to set',
    async (name) => {
      await tool.returned(({ fetch }) => fetch('/orders', { headers: { [name]: 'acme' } }));
      expect(tool.orders.last.headers[name]).toBe('acme');
    },
  );
});

describe('the headers of a client', () => {
  const telemetry = new Telemetry();
  let server: AuditedServer;
  let own = false;

  @Injectable()
  class Tools {
    constructor(private readonly downstream: DownstreamClient) {}

    @McpTool({ description: 'x', downstream: 'orders' })
    async all(_input: unknown, @AllHeaders() headers: Record<string, string>): Promise<void> {
      await this.downstream.fetch('/orders', { headers });
    }

    @McpTool({ description: 'x', downstream: 'orders' })
    async orders(): Promise<string> {
      const call = () => this.downstream.fetch('/orders');
      const baggage = propagation.createBaggage({ tenant: { value: 'acme' } });
      await (own ? context.with(propagation.setBaggage(context.active(), baggage), call) : call());
      return JSON.stringify(propagation.getActiveBaggage()?.getAllEntries() ?? []);
    }
  }

  beforeAll(async () => {
    server = await startAuditedServer({
      providers: [Tools],
      options: {},
      configure: (app: INestApplication) => {
        // As an instrumentation of the HTTP server does.
        app.use(({ headers }: { headers: Record<string, unknown> }, _response: unknown, next: () => void) => {
          context.with(propagation.extract(ROOT_CONTEXT, headers), next);
        });
      },
    });
    telemetry.register();
  });
  afterEach(() => {
    own = false;
    server.api.requests.length = 0;
  });
  afterAll(async () => {
    await telemetry.unregister();
    await server.close();
  });

  const TRACE = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'vendor=1' };
  const BAGGAGE = { baggage: 'tenant=evil,role=admin' };
  const HOSTILE = {
    ...BAGGAGE,
    b3: `${'a'.repeat(32)}-${'b'.repeat(16)}-1`,
    cookie: 'session=1',
    forwarded: 'for=127.0.0.1',
    'uber-trace-id': `${'a'.repeat(32)}:${'b'.repeat(16)}:0:1`,
    'uberctx-role': 'admin',
    'x-api-key': 'key',
    'x-forwarded-for': '127.0.0.1',
    'x-tenant': 'evil',
  };
  const SENT = ['accept', 'accept-encoding', 'authorization', 'connection', 'host', 'user-agent'];

  const rows: readonly (readonly [string, Record<string, string>, Record<string, unknown>, boolean])[] = [
    ['in headers', HOSTILE, {}, false],
    ['in headers with a trace', { ...HOSTILE, ...TRACE }, {}, true],
    ['in the message', {}, BAGGAGE, false],
    ['in the message with a trace', {}, { ...BAGGAGE, ...TRACE }, true],
    ['in both', { ...HOSTILE, ...TRACE }, { ...BAGGAGE, ...TRACE }, true],
  ];
  test.each(rows)('do not reach an API: %s', async (_name, headers, meta, hasState) => {
    const body = toolCall('orders') as { params: { _meta: object } };
    const message = { ...body, params: { ...body.params, _meta: { ...body.params._meta, ...meta } } };
    const answer = await post(server.resource, message, { token: await server.token(), headers });
    expect(await answer.text()).toContain('"text":"[]"');
    const sent: Record<string, unknown> = server.api.requests.at(-1)?.headers ?? {};
    expect(Object.keys(sent).sort()).toEqual([...SENT, 'traceparent', ...(hasState ? ['tracestate'] : [])].sort());
    expect(JSON.stringify(sent)).not.toMatch(/evil|admin|session=1|key/);
    if (hasState) expect(sent.traceparent).toContain('a'.repeat(32));
  });

  test('are refused where a tool hands all of them on', async () => {
    const answer = await post(server.resource, toolCall('all'), { token: await server.token(), headers: HOSTILE });
    expect(await answer.text()).toContain('"isError":true');
    expect(server.log.text).toContain('downstream_header_refused');
    expect(server.api.requests).toEqual([]);
  });

  test('baggage of the application does', async () => {
    own = true;
    await post(server.resource, toolCall('orders'), { token: await server.token(), headers: HOSTILE });
    expect(server.api.requests.at(-1)?.headers.baggage).toBe('tenant=acme');
  });
});
