import type { StandardSchemaWithJSON } from '@modelcontextprotocol/server';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsDate, IsOptional, IsString, MinDate, ValidateNested } from 'class-validator';
import { McpTool } from 'nestjs-mcp-auth';
import { callTool, message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const TIME = '2026-01-31T10:00:00.000Z';

type Property = Record<string, unknown>;

/** What a library says of one type, and what it takes and gives. */
interface Kind {
  describe(direction: 'input' | 'output', options: Record<string, (of: unknown) => Property | undefined>): Property;
  read(value: unknown): unknown;
}

const refuse = () => {
  throw new TypeError('another type');
};

/** As valibot 1.5 with @valibot/to-json-schema 1.8 has it: what it cannot describe, it throws. */
const inValibot = (type: string): Kind['describe'] => {
  return (_direction, { overrideSchema }) => {
    const described = overrideSchema?.({ valibotSchema: { type }, jsonSchema: {}, errors: undefined });
    if (!described) throw new Error(`The "${type}" schema cannot be converted to JSON Schema.`);
    return described;
  };
};

/** As arktype 2.2 has it: what it cannot describe may be anything, if nobody says otherwise. */
const inArktype = (undescribed: object): Kind['describe'] => {
  return (_direction, { fallback }) => fallback?.({ base: {}, ...undescribed }) ?? {};
};

const isDate = (value: unknown) => (value instanceof Date ? value : refuse());
const isText = (value: unknown) => (typeof value === 'string' ? value : refuse());
const toDate = (value: unknown) => new Date(isText(value) as string);

const TYPES = {
  'v.date()': { describe: inValibot('date'), read: isDate },
  'v.bigint()': { describe: inValibot('bigint'), read: (value) => (typeof value === 'bigint' ? value : refuse()) },
  'v.set()': { describe: inValibot('set'), read: (value) => (value instanceof Set ? value : refuse()) },
  'v.string()': { describe: () => ({ type: 'string' }), read: isText },
  'v.toDate()': {
    describe: (direction, { overrideAction }) => {
      if (direction === 'input') return { type: 'string', format: 'date-time' };
      const described = overrideAction?.({ valibotAction: { type: 'to_date' }, jsonSchema: { type: 'string' } });
      if (!described) throw new Error('The "to_date" action cannot be converted to JSON Schema.');
      return described;
    },
    read: toDate,
  },
  Date: { describe: inArktype({ code: 'date' }), read: isDate },
  bigint: {
    describe: inArktype({ code: 'domain', domain: 'bigint' }),
    read: (value) => (typeof value === 'bigint' ? value : refuse()),
  },
  Set: {
    describe: inArktype({ code: 'proto', proto: Set }),
    read: (value) => (value instanceof Set ? value : refuse()),
  },
  string: { describe: () => ({ type: 'string' }), read: isText },
  narrowed: { describe: inArktype({ code: 'predicate', base: { type: 'string' } }), read: isText },
  'string.date.iso.parse': {
    describe: (direction, options) =>
      direction === 'input' ? { type: 'string' } : inArktype({ code: 'date' })(direction, options),
    read: toDate,
  },
} satisfies Record<string, Kind>;

/** A schema of an object with one property, `at`. */
function objectWith(type: keyof typeof TYPES): StandardSchemaWithJSON<{ at: unknown }> {
  const { describe: describeType, read }: Kind = TYPES[type];
  const convert =
    (direction: 'input' | 'output') =>
    ({ libraryOptions = {} }: { readonly libraryOptions?: Record<string, unknown> | undefined }) => ({
      type: 'object',
      properties: { at: describeType(direction, libraryOptions as Parameters<Kind['describe']>[1]) },
      required: ['at'],
    });
  const standard = {
    version: 1 as const,
    vendor: type.startsWith('v.') ? 'valibot' : 'arktype',
    validate: (value: unknown) => {
      try {
        return { value: { at: read((value as { at: unknown }).at) } };
      } catch (error) {
        return { issues: [{ message: (error as Error).message, path: ['at'] }] };
      }
    },
    jsonSchema: { input: convert('input'), output: convert('output') },
  };
  // A type of arktype is a function.
  return Object.assign(type.startsWith('v.') ? {} : () => undefined, { '~standard': standard });
}

function toolsWith(options: { input?: unknown; output?: unknown }, method: (args: { at: unknown }) => unknown) {
  @Injectable()
  class Tools {
    @McpTool({ description: 'x', ...(options as { input: StandardSchemaWithJSON<{ at: unknown }> }) })
    take(args: { at: unknown }) {
      return method(args) as { at: unknown };
    }
  }
  return Tools;
}

const boot = async (options: { input?: unknown; output?: unknown }) =>
  await startProtectedServer({ providers: [toolsWith(options, () => ({ at: 'x' }))] });

describe('a type that no client can send', () => {
  test.each<[type: keyof typeof TYPES, said: string, fix: string]>([
    ['v.date()', 'The "date" schema cannot be converted', 'v.pipe(v.string(), v.isoTimestamp(), v.toDate())'],
    ['v.bigint()', 'The "bigint" schema cannot be converted', 'v.toBigint()'],
    ['v.set()', 'The "set" schema cannot be converted', 'v.array()'],
    ['Date', 'date. Take', '"string.date.iso.parse"'],
    ['bigint', 'bigint. Take', 'BigInt(text)'],
    ['Set', 'Set. Take', 'an array for a set'],
  ])('stops the boot, with what to write in its place: %s', async (type, said, fix) => {
    const booting = boot({ input: objectWith(type) });
    await expect(booting).rejects.toThrow('`input` of @McpTool on Tools.take has types that JSON has no values for');
    await expect(booting).rejects.toThrow(said);
    await expect(booting).rejects.toThrow(fix);
  });

  test('stops the boot in results as well, where JSON has none', async () => {
    await expect(boot({ output: objectWith('v.set()') })).rejects.toThrow('v.array()');
    await expect(boot({ output: objectWith('Set') })).rejects.toThrow('an array for a set');
  });

  test.each([
    ['valibot', 'toStandardJsonSchema() of @valibot/to-json-schema'],
    ['arktype', 'arktype 2.1.28'],
    ['other', 'zod 4.2'],
  ])('a schema of %s that cannot describe itself names what makes it one', async (vendor, fix) => {
    const input = { '~standard': { version: 1, vendor, validate: (value: unknown) => ({ value }) } };
    await expect(boot({ input })).rejects.toThrow(`cannot describe itself as JSON Schema. `);
    await expect(boot({ input })).rejects.toThrow(fix);
  });
});

describe.each<[from: keyof typeof TYPES, to: keyof typeof TYPES, text: keyof typeof TYPES]>([
  ['v.toDate()', 'v.date()', 'v.string()'],
  ['v.toDate()', 'v.toDate()', 'v.string()'],
  ['string.date.iso.parse', 'Date', 'string'],
  ['string.date.iso.parse', 'string.date.iso.parse', 'narrowed'],
])('dates from %s to %s', (from, to, text) => {
  let server: ProtectedServer;
  let token: string;

  beforeAll(async () => {
    @Injectable()
    class Tools {
      @McpTool({ description: 'x', input: objectWith(from), output: objectWith('v.string()') })
      take({ at }: { at: unknown }) {
        return { at: at instanceof Date ? at.toISOString() : typeof at };
      }

      @McpTool({ description: 'x', output: objectWith(to) })
      give() {
        return { at: new Date(TIME) };
      }

      @McpTool({ description: 'x', output: objectWith(text) })
      giveText() {
        return { at: new Date(TIME) };
      }
    }
    server = await startProtectedServer({ providers: [Tools] });
    token = await server.token();
  });
  afterAll(() => server.close());

  test('are texts for clients, and dates in the method', async () => {
    expect((await callTool(server.resource, token, 'take', { at: TIME })).structuredContent).toEqual({ at: TIME });
    expect((await callTool(server.resource, token, 'take', { at: 7 })).isError).toBe(true);
    const response = await post(server.resource, message('tools/list'), { token });
    const { result } = (await response.json()) as { result: { tools: { name: string }[] } };
    const find = (name: string) => result.tools.find((tool) => tool.name === name);
    expect(find('take')).toMatchObject({ inputSchema: { properties: { at: { type: 'string' } } } });
    expect(find('give')).toMatchObject({
      outputSchema: { properties: { at: { type: 'string', format: 'date-time' } } },
    });
  });

  test.each(['give', 'give_text'])('that a method returns fit: %s', async (name) => {
    expect((await callTool(server.resource, token, name)).structuredContent).toEqual({ at: TIME });
  });
});

describe('a class', () => {
  class Period {
    @IsDate() from!: Date;
    @Type(() => Date) @IsDate() to!: Date;
  }
  class Wrong {
    @IsString() id!: string;
    @IsOptional() @MinDate(new Date(0)) since?: Date;
    @Type(() => String) @IsDate() at!: Date;
    @ValidateNested() @Type(() => Period) period!: Period;
  }
  class Right {
    @IsOptional() @Type(() => Date) @IsDate() at?: Date;
    @IsOptional() @Type(() => Date) @IsDate({ each: true }) all?: Date[];
  }

  test('with dates that nothing makes of texts stops the boot, with each of them', async () => {
    await expect(boot({ input: Wrong })).rejects.toThrow(
      /`input` of @McpTool on Tools\.take has dates .*: Wrong\.since, Wrong\.at, Period\.from\. Put @Type\(\(\) => Date\)/,
    );
  });

  test('that makes them has dates in the method', async () => {
    const server = await startProtectedServer({
      providers: [
        toolsWith({ input: Right }, (args) => ({
          at: Object.values(args).map((one) => (Array.isArray(one) ? one : [one]).every((at) => at instanceof Date)),
        })),
      ],
    });
    const result = await callTool(server.resource, await server.token(), 'take', { at: TIME, all: [TIME] });
    await server.close();
    expect(result.structuredContent).toEqual({ at: [true, true] });
  });
});
