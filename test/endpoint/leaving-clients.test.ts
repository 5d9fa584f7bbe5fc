import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import { Injectable } from '@nestjs/common';
import { McpTool, type AuditEvent, type McpContext } from 'nestjs-mcp-auth';
import { Telemetry } from '../observability/telemetry.js';
import { callTool, headersFor, message } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** Called when a tool runs, and when its call is aborted. */
let begin: () => void = () => undefined;
let abort: () => void = () => undefined;

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  quick() {
    return 'done';
  }

  @McpTool({ description: 'x' })
  leave() {
    return 'done';
  }

  @McpTool({ description: 'x' })
  async wait(_input: unknown, { signal }: McpContext) {
    begin();
    await once(signal, 'abort');
    abort();
  }

  @McpTool({ description: 'x' })
  async stream(_input: unknown, context: McpContext) {
    await context.progress(1, 2);
    begin();
    await once(context.signal, 'abort');
    abort();
  }
}

const call = (name: string) => {
  const { params, ...rest } = message('tools/call', { name, arguments: {} }) as { params: { _meta: object } };
  return { ...rest, params: { ...params, _meta: { ...params._meta, progressToken: 1 } } };
};
const legacyCall = (name: string) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: {}, _meta: { progressToken: 1 } },
});
const listen = message('subscriptions/listen', { notifications: { toolsListChanged: true } });

const LEGACY = { 'mcp-protocol-version': '2025-11-25', 'mcp-method': undefined, 'mcp-name': undefined };

interface Row {
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** What comes after `Authorization` and the headers of the message, and how much of the body is sent. */
  readonly sends?: (body: string) => readonly [headers: string, body: string | Buffer];
  /** Characters of all that are sent. */
  readonly cut?: number;
  /** Whether the connection serves a whole request before. */
  readonly isSecond?: true;
  /** What the client waits for before it leaves. */
  readonly until?: 'runs' | 'answers';
  /** What is recorded of the request: the tool or method, and why it failed. */
  readonly recorded?: readonly (readonly [name: string, errorType: string | undefined, status: number | undefined])[];
}

const whole = (body: string): readonly [string, string] => [`Content-Length: ${body.length}`, body];
const half = (body: string): readonly [string, string] => [`Content-Length: ${body.length}`, body.slice(0, 20)];

const ROWS: Readonly<Record<string, Row>> = {
  'in the middle of its headers': { cut: 60 },
  'before its body': { sends: (body) => [`Content-Length: ${body.length}`, ''] },
  'in the middle of its body': { sends: half },
  'in the middle of its body, without a token': { headers: { authorization: undefined }, sends: half },
  'in the middle of its body, with a bad token': { headers: { authorization: 'Bearer bad' }, sends: half },
  'in the middle of its body, which is no JSON': { sends: () => ['Content-Length: 200', 'no JSON'] },
  'in the middle of its body, between two chunks': { sends: () => ['Transfer-Encoding: chunked', '5\r\n{"jso\r\n'] },
  'in the middle of its body, in a chunk': { sends: () => ['Transfer-Encoding: chunked', '50\r\n{"jso'] },
  'in the middle of its body, which is compressed': {
    sends: (body) => {
      const bytes = gzipSync(body);
      return [`Content-Encoding: gzip\r\nContent-Length: ${bytes.length}`, bytes.subarray(0, 20)];
    },
  },
  'in the middle of a body of the 2025 era': { body: legacyCall('leave'), headers: LEGACY, sends: half },
  'in the middle of the second body of a connection': {
    sends: half,
    isSecond: true,
    recorded: [['leave', undefined, 200]],
  },
  'before its answer': { body: call('wait'), until: 'runs', recorded: [['wait', 'cancelled', undefined]] },
  'before its second answer': {
    body: call('wait'),
    until: 'runs',
    isSecond: true,
    recorded: [
      ['leave', undefined, 200],
      ['wait', 'cancelled', undefined],
    ],
  },
  'before its answer of the 2025 era': {
    body: legacyCall('wait'),
    headers: LEGACY,
    until: 'runs',
    recorded: [['wait', 'cancelled', undefined]],
  },
  'in the middle of a stream': { body: call('stream'), until: 'runs', recorded: [['stream', 'cancelled', 200]] },
  'in the middle of a stream of the 2025 era': {
    body: legacyCall('stream'),
    headers: LEGACY,
    until: 'runs',
    recorded: [['stream', 'cancelled', 200]],
  },
  'in the middle of a subscription, which has no other end': {
    body: listen,
    until: 'answers',
    recorded: [['subscriptions/listen', undefined, 200]],
  },
};

/** How a connection ends: with both directions, by a reset, with the direction of the client. */
type Way = 'destroy' | 'resetAndDestroy' | 'end';

describe.each([
  ['express', true],
  ['express', false],
  ['fastify', true],
  ['fastify', false],
] as const)('on %s, with the body parser of Nest: %s, a client leaves', (platform, bodyParser) => {
  const events: AuditEvent[] = [];
  const sockets: Socket[] = [];
  const watch = (opened: unknown) => {
    sockets.push((opened as { socket: Socket }).socket);
  };
  let server: ProtectedServer;
  let telemetry: Telemetry;
  let token: string;

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      bodyParser,
      providers: [Tools],
      options: { observability: { auditSink: { record: (event: AuditEvent) => void events.push(event) } } },
    });
    token = await server.token();
    await callTool(server.resource, token, 'quick');
    subscribe('net.server.socket', watch);
  });
  beforeEach(() => {
    events.length = 0;
    server.log.lines.length = 0;
    telemetry = new Telemetry();
    telemetry.register();
  });
  afterEach(() => telemetry.unregister());
  afterAll(async () => {
    unsubscribe('net.server.socket', watch);
    await server.close();
  });

  const write = ({ body = call('leave'), headers = {}, sends = whole }: Row): Buffer => {
    const [length, sent] = sends(JSON.stringify(body));
    const all = { host: new URL(server.resource).host, ...headersFor(body, token), ...headers };
    const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`]));
    const head = ['POST /mcp HTTP/1.1', ...lines, length, '', ''].join('\r\n');
    return Buffer.concat([Buffer.from(head), Buffer.from(sent)]);
  };

  /** Another request has its answer only once whatever came before has been read. */
  const settle = async () => {
    await callTool(server.resource, token, 'quick');
  };

  const open = async () => {
    const { hostname, port } = new URL(server.resource);
    const client = connect(Number(port), hostname);
    client.on('error', () => undefined);
    await once(client, 'connect');
    await settle();
    const socket = sockets.find(({ remotePort }) => remotePort === client.localPort);
    if (!socket) throw new Error('The server has no such connection');
    return { client, closed: new Promise<void>((resolve) => socket.once('close', () => resolve())) };
  };

  const leave = async (row: Row, way: Way) => {
    const { client, closed } = await open();
    if (row.isSecond) {
      client.write(write({}));
      await once(client, 'data');
    }
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const aborted = new Promise<void>((resolve) => (abort = resolve));
    client.write(write(row).subarray(0, row.cut));
    if (row.until === 'runs') await begun;
    if (row.until === 'answers') await once(client, 'data');
    await settle();
    client[way]();
    client.resume();
    await closed;
    if (row.until === 'runs') await aborted;
    await settle();
  };

  const ways: readonly Way[] = bodyParser ? ['resetAndDestroy', 'end'] : ['destroy'];
  const cases = Object.entries(ROWS).flatMap(([when, row]) => ways.map((way) => [when, way, row] as const));

  test.each(cases)('%s (%s)', async (_when, way, row) => {
    await leave(row, way);
    const durations = (await telemetry.counted<Histogram>('mcp.server.operation.duration')).map(([attributes]) => [
      attributes['gen_ai.tool.name'] ?? attributes['mcp.method.name'],
      attributes['error.type'],
    ]);
    const spans = telemetry.spans.map(({ attributes }) => [
      attributes['gen_ai.tool.name'] ?? attributes['mcp.method.name'],
      attributes['error.type'],
      attributes['http.response.status_code'],
    ]);
    const recorded = row.recorded ?? [];
    expect(events.filter(({ type }) => type !== 'operation_allowed')).toEqual([]);
    expect(server.log.lines.filter((line) => !/^debug|"operation_allowed"/.test(line))).toEqual([]);
    expect(spans.filter(([name]) => name !== 'quick')).toEqual(recorded);
    expect(durations.filter(([name]) => name !== 'quick')).toEqual(recorded.map(([name, type]) => [name, type]));
    for (const counter of ['tokens.rejected', 'operations.denied', 'requests.limited'])
      expect(await telemetry.counted(`nestjs_mcp_auth.${counter}`)).toEqual([]);
  });
});
