import { Injectable } from '@nestjs/common';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { McpTool, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { callTool, message, post, textOf } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const TIME = '2026-01-31T10:00:00.000Z';

const ODD = {
  url: new URL('https://acme.example/a'),
  tags: new Set(['a', 'b']),
  byName: new Map([['x', { at: new Date(TIME) }]]),
  pairs: new Map([[1, 'one']]),
  bytes: Buffer.from('bytes'),
  big: 2n ** 64n,
};

const oddOutput = z.object({
  url: z.url(),
  tags: z.array(z.string()),
  byName: z.record(z.string(), z.object({ at: z.date() })),
  pairs: z.array(z.tuple([z.number(), z.string()])),
  bytes: z.base64(),
  big: z.string(),
});

const ODD_AS_JSON = {
  url: 'https://acme.example/a',
  tags: ['a', 'b'],
  byName: { x: { at: TIME } },
  pairs: [[1, 'one']],
  bytes: 'Ynl0ZXM=',
  big: '18446744073709551616',
};

const input = z.object({
  at: z.date().optional().describe('when'),
  coerced: z.coerce.date().optional(),
  list: z.array(z.object({ at: z.date().nullable() })).optional(),
  either: z.union([z.date(), z.object({ from: z.date() })]).optional(),
  byName: z.record(z.string(), z.date()).optional(),
  pair: z.tuple([z.string(), z.date()]).optional(),
  late: z.date().min(new Date('2026-01-01T00:00:00Z')).optional(),
  big: z.bigint().optional(),
});

@Injectable()
class Tools {
  @McpTool({ description: 'x', input })
  take(args: z.infer<typeof input>) {
    const { at, coerced, list, either, byName, pair, late, big } = args;
    const from = either instanceof Date ? either : either?.from;
    const dates = [at, coerced, list?.[0]?.at, from, byName?.x, pair?.[1], late].filter((one) => one instanceof Date);
    return { dates: dates.map((one) => [one instanceof Date, one.toISOString()]), big: String(big) };
  }

  @McpTool({ description: 'x', output: z.object({ at: z.date(), all: z.array(z.date()), big: z.bigint() }) })
  dates() {
    return { at: new Date(TIME), all: [new Date(TIME)], big: 2n ** 64n };
  }

  @McpTool({ description: 'x', output: z.object({ at: z.iso.datetime(), text: z.string() }) })
  texts() {
    return { at: new Date(TIME), text: new Date(TIME) } as unknown as { at: string; text: string };
  }

  @McpTool({
    description: 'x',
    output: oddOutput,
  })
  odd() {
    return ODD as unknown as z.infer<typeof oddOutput>;
  }

  @McpTool({ description: 'x' })
  oddWithoutSchema() {
    return ODD;
  }

  @McpTool({ description: 'x', input: z.object({}) })
  async form(_input: object, context: McpContext) {
    const filled = await context.elicit('When?', z.object({ at: z.date(), big: z.bigint().optional() }));
    if (filled.action !== 'accept') return filled;
    const { at, big } = filled.content;
    return { isDate: at instanceof Date, at, big };
  }

  @McpTool({ description: 'x', output: z.object({ at: z.date() }) })
  fromApi() {
    return { at: TIME } as unknown as { at: Date };
  }

  @McpTool({ description: 'x', output: z.object({ at: z.date() }) })
  broken() {
    return { at: new Date(Number.NaN) };
  }
}

describe.each(['express', 'fastify'] as const)('dates, on %s', (platform) => {
  let server: ProtectedServer;
  let token: string;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Tools] });
    token = await server.token();
  });
  afterAll(() => server.close());

  const call = async (name: string, args: Record<string, unknown> = {}) =>
    await callTool(server.resource, token, name, args);

  test('are date-time strings in the schemas', async () => {
    const response = await post(server.resource, message('tools/list'), { token });
    const { result } = (await response.json()) as {
      result: { tools: { name: string; inputSchema: unknown; outputSchema?: unknown }[] };
    };
    const find = (name: string) => result.tools.find((tool) => tool.name === name);
    const wire = { type: 'string', format: 'date-time' };
    expect(find('take')?.inputSchema).toMatchObject({
      properties: {
        at: { ...wire, description: 'when' },
        coerced: wire,
        list: { items: { properties: { at: { anyOf: [wire, { type: 'null' }] } } } },
        byName: { additionalProperties: wire },
        big: { type: 'string', pattern: '^-?\\d+$' },
      },
    });
    expect(find('dates')?.outputSchema).toMatchObject({ properties: { at: wire, all: { items: wire } } });
  });

  test.each<[Record<string, unknown>, unknown]>([
    [{ at: TIME }, [[true, TIME]]],
    [{ at: '2026-01-31T12:00:00+02:00' }, [[true, TIME]]],
    [{ coerced: TIME }, [[true, TIME]]],
    [{ list: [{ at: TIME }, { at: null }] }, [[true, TIME]]],
    [{ either: TIME }, [[true, TIME]]],
    [{ either: { from: TIME } }, [[true, TIME]]],
    [{ byName: { x: TIME, y: TIME } }, [[true, TIME]]],
    [{ pair: ['x', TIME] }, [[true, TIME]]],
    [
      { at: TIME, late: TIME, list: [{ at: TIME }] },
      [
        [true, TIME],
        [true, TIME],
        [true, TIME],
      ],
    ],
  ])('are dates in the method: %j', async (args, dates) => {
    expect((await call('take', args)).structuredContent).toMatchObject({ dates });
  });

  test.each(['yesterday', '2026-01-31', '2026-01-31T10:00:00', '2026-13-31T10:00:00Z', 7, null])(
    'are refused as %j, with the form that is right',
    async (at) => {
      const result = await call('take', { at });
      expect(result.isError).toBe(true);
      expect(textOf(result)).toContain('at: Invalid input: expected a date and time with its offset, such as');
    },
  );

  test('keep their own rules', async () => {
    expect((await call('take', { late: '2025-01-31T10:00:00Z' })).isError).toBe(true);
  });

  test.each(['odd', 'odd_without_schema'])(
    'and what else JSON has no form for has one in results: %s',
    async (name) => {
      expect((await call(name)).structuredContent).toEqual(ODD_AS_JSON);
    },
  );

  test.each<[string, unknown]>([
    ['2025-11-25', 'legacy'],
    ['2026-07-28', { pin: '2026-07-28' }],
  ])('are texts in forms of %s, and dates in what was filled in', async (_revision, mode) => {
    const client = new Client(
      { name: 'x', version: '1' },
      { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: mode as 'legacy' } },
    );
    const asked: unknown[] = [];
    client.setRequestHandler('elicitation/create', ({ params }) => {
      asked.push((params as { requestedSchema: { properties: unknown } }).requestedSchema.properties);
      return { action: 'accept', content: { at: '2026-01-31T12:00:00+02:00', big: '7' } };
    });
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(server.resource), { requestInit }));
    const { structuredContent } = await client.callTool({ name: 'form', arguments: {} });
    await client.close();
    expect(asked).toEqual([{ at: { type: 'string', format: 'date-time' }, big: { type: 'string' } }]);
    expect(structuredContent).toEqual({ isDate: true, at: TIME, big: '7' });
  });

  test('of results fit what the schema says, a date or a text', async () => {
    expect((await call('dates')).structuredContent).toEqual({ at: TIME, all: [TIME], big: String(2n ** 64n) });
    expect((await call('texts')).structuredContent).toEqual({ at: TIME, text: TIME });
    expect((await call('from_api')).structuredContent).toEqual({ at: TIME });
    expect((await call('broken')).isError).toBe(true);
  });

  test('big numbers are strings of digits', async () => {
    expect((await call('take', { big: '18446744073709551616' })).structuredContent).toMatchObject({
      big: '18446744073709551616',
    });
    expect((await call('take', { big: 'x' })).isError).toBe(true);
  });
});

describe.each([
  ['z.map()', z.map(z.string(), z.number()), 'z.record('],
  ['z.set()', z.set(z.string()), 'z.array('],
  ['z.symbol()', z.symbol(), 'z.enum('],
  ['z.undefined()', z.undefined(), 'z.optional('],
  ['z.void()', z.void(), 'z.optional('],
  ['z.nan()', z.nan(), 'z.number()'],
  ['z.custom()', z.custom<string>(), 'z.codec()'],
  ['z.transform()', z.preprocess(String, z.transform(Number)), 'z.codec()'],
])('a type without values in JSON, %s', (name, type, fix) => {
  test('stops the boot, with its place and what to write', async () => {
    @Injectable()
    class Wrong {
      @McpTool({ description: 'x', input: z.object({ deep: z.object({ it: type }) }) })
      wrong() {
        return 'x';
      }
    }
    const boot = startProtectedServer({ providers: [Wrong] });
    await expect(boot).rejects.toThrow(`${name} at deep.it: use `);
    await expect(boot).rejects.toThrow(fix);
  });
});
