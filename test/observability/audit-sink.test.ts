import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ConsoleLogger, Injectable, Logger, Module } from '@nestjs/common';
import { McpTool, type AuditEvent, type AuditSink } from 'nestjs-mcp-auth';
import { callTool, headersFor, message, post, textOf, toolCall, type PostOptions } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x', scopes: ['orders:read'] })
  find(): string {
    return 'found';
  }

  @McpTool({ description: 'x', scopes: ['admin'] })
  administer(): string {
    return 'done';
  }
}

let server: ProtectedServer;

afterEach(() => server.close());

/** Runs one tool that is allowed, and one that is not. */
async function callBoth(): Promise<void> {
  const token = await server.token('orders:read');
  expect(textOf(await callTool(server.resource, token, 'find'))).toBe('found');
  expect((await post(server.resource, toolCall('administer'), { token })).status).toBe(403);
}

describe('a sink', () => {
  test('that is an object is called as one', async () => {
    const sink = {
      types: [] as string[],
      record(event: AuditEvent) {
        this.types.push(event.type);
      },
    };
    server = await startProtectedServer({ providers: [Tools], options: { observability: { auditSink: sink } } });
    await callBoth();
    expect(sink.types).toEqual(['operation_allowed', 'operation_denied']);
    expect(server.log.text).not.toContain('McpAudit');
  });

  test('that is a class comes from the module that provides it, with what it injects', async () => {
    @Injectable()
    class Archive {
      readonly types: string[] = [];
    }
    @Injectable()
    class ArchiveSink implements AuditSink {
      constructor(private readonly archive: Archive) {}
      async record(event: AuditEvent): Promise<void> {
        await Promise.resolve();
        this.archive.types.push(event.type);
      }
    }
    @Module({ providers: [Archive, ArchiveSink] })
    class ArchiveModule {}
    server = await startProtectedServer({
      imports: [ArchiveModule],
      providers: [Tools],
      options: { observability: { auditSink: ArchiveSink } },
    });
    await callBoth();
    expect(server.app.get(Archive, { strict: false }).types).toEqual(['operation_allowed', 'operation_denied']);
  });

  test.each<[string, () => void | Promise<void>, string]>([
    [
      'throws',
      () => {
        throw new TypeError('THE CONNECTION STRING');
      },
      'TypeError',
    ],
    ['rejects', () => Promise.reject(new RangeError('THE CONNECTION STRING')), 'RangeError'],
    [
      'rejects with what is no error',
      jest.fn<() => Promise<void>>().mockRejectedValue('THE CONNECTION STRING'),
      'string',
    ],
  ])('that %s loses the event, which is logged, and nobody else notices', async (_name, record, reason) => {
    const lost: AuditEvent[] = [];
    const auditSink = {
      record: (event: AuditEvent) => {
        lost.push(event);
        return record();
      },
    };
    server = await startProtectedServer({ providers: [Tools], options: { observability: { auditSink } } });
    await callBoth();
    expect(server.log.lines.filter((line) => line.includes('audit'))).toEqual(
      lost.map(({ type, correlationId }): unknown => {
        const text = `An audit event was lost (${type}, ${correlationId}): the sink failed with ${reason}`;
        return expect.stringMatching(`^error ${text.replace(/[()]/g, '\\$&')} +AuditLog$`);
      }),
    );
    expect(lost).toHaveLength(2);
    expect(server.log.text).not.toContain('THE CONNECTION STRING');
  });

  test('that hangs keeps nobody waiting', async () => {
    let asked = 0;
    const record = () => {
      asked += 1;
      return new Promise<void>(() => undefined);
    };
    server = await startProtectedServer({ providers: [Tools], options: { observability: { auditSink: { record } } } });
    await callBoth();
    expect(asked).toBe(2);
  });
});

describe('without one, events go to the logger', () => {
  beforeEach(async () => {
    server = await startProtectedServer({ providers: [Tools] });
  });

  const lines = () => server.log.lines.filter((line) => line.endsWith(' McpAudit'));

  /** What a line says, and how loudly. */
  function parsed(line: string) {
    const [, level = '', text = ''] = /^(\w+) (\{.*\}) McpAudit$/.exec(line) ?? [];
    return { level, event: JSON.parse(text) as AuditEvent };
  }

  test('one line of JSON each, as a warning where something was refused', async () => {
    await callBoth();
    await post(server.resource, toolCall('find'), { token: 'opaque' });
    expect(lines().map((line) => parsed(line))).toEqual([
      { level: 'log', event: expect.objectContaining({ type: 'operation_allowed', resource: server.resource }) },
      { level: 'warn', event: expect.objectContaining({ type: 'operation_denied', scopes: ['admin'] }) },
      { level: 'warn', event: expect.objectContaining({ type: 'token_rejected', status: 401 }) },
    ]);
  });

  test('also where Nest had other levels before the application set its logger', async () => {
    const { logLevels } = Logger as unknown as { readonly logLevels?: readonly string[] };
    Object.assign(Logger, { logLevels: ['error'] });
    try {
      await callBoth();
    } finally {
      Object.assign(Logger, { logLevels });
    }
    expect(lines().map((line) => parsed(line).event.type)).toEqual(['operation_allowed', 'operation_denied']);
  });

  test('none of normal operation where Nest leaves out its level', async () => {
    const logger = new ConsoleLogger({ logLevels: ['warn'] });
    const log = jest.spyOn(logger, 'log');
    const { staticInstanceRef } = Logger as unknown as { readonly staticInstanceRef: object };
    Object.assign(Logger, { staticInstanceRef: logger });
    try {
      await post(server.resource, toolCall('find'), { token: await server.token('orders:read') });
    } finally {
      Object.assign(Logger, { staticInstanceRef });
    }
    expect(log).not.toHaveBeenCalled();
  });

  const CONTROL = /[\p{Cc}\u2028\u2029]/u;

  /** Line breaks of every kind, and what a terminal takes for a command in seven bits and in eight. */
  const HOSTILE =
    'a\r\nlog {"type":"operation_allowed"} McpAudit\u2028b\u2029c\u0085d\u000be\u001b[2Kf\u009b31mg\u0000h\u007f';

  test.each<[string, () => Promise<[unknown, PostOptions]>, (event: AuditEvent) => unknown]>([
    [
      'subject',
      async () => [toolCall('find'), { token: await server.token('orders:read', { sub: HOSTILE }) }],
      ({ caller }) => caller?.subject,
    ],
    [
      'client id',
      async () => [toolCall('find'), { token: await server.token('orders:read', { client_id: HOSTILE }) }],
      ({ caller }) => caller?.clientId,
    ],
    [
      'scope',
      async () => [toolCall('find'), { token: await server.token('', { scope: ['orders:read', HOSTILE] }) }],
      ({ scopesHeld }) => scopesHeld?.[1],
    ],
    [
      'name of a tool, of someone with no good token,',
      () => Promise.resolve([toolCall(HOSTILE), { token: 'opaque', headers: { 'mcp-name': 'x' } }]),
      ({ operation }) => operation?.name,
    ],
    [
      'method, of someone with no good token,',
      () => Promise.resolve([message(HOSTILE), { token: 'opaque', headers: { 'mcp-method': 'x' } }]),
      ({ operation }) => operation?.method,
    ],
  ])(
    'a %s with line breaks and control characters stays within its line, and can be read back',
    async (_n, make, read) => {
      const [body, options] = await make();
      await post(server.resource, body, options);
      expect(lines()).toHaveLength(1);
      const [line = ''] = lines();
      expect(line).toMatch(/^[ -~]+$/);
      expect(read(parsed(line).event)).toBe(HOSTILE);
      expect(server.log.lines.filter((other) => CONTROL.test(other))).toEqual([]);
    },
  );

  test.each([
    ['name', toolCall('n'.repeat(100_000))],
    ['method', message('m'.repeat(100_000))],
  ])('whoever has no good token does not fill the log with a long %s', async (_name, body) => {
    await post(server.resource, body, { token: 'opaque', headers: { 'mcp-name': 'x', 'mcp-method': 'x' } });
    expect(lines()).toHaveLength(1);
    expect(lines()[0]?.length).toBeLessThan(2_000);
  });

  test('an unknown tool with line breaks in its name writes no line of its own', async () => {
    const { params, ...rest } = toolCall(HOSTILE);
    const body = JSON.stringify({ ...rest, params: { ...(params as object), _meta: {} } });
    // The name could be no header, and earlier revisions have none for it.
    const headers = { ...headersFor({}, await server.token()), 'mcp-protocol-version': '2025-11-25' };
    const response = await fetch(server.resource, { method: 'POST', headers, body });
    expect(await response.text()).toContain('Unknown tool');
    expect(server.log.lines.filter((line) => CONTROL.test(line))).toEqual([]);
  });
});
