import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Transform, Type } from 'class-transformer';
import { IsOptional, IsString, ValidateNested } from 'class-validator';
import { McpTool } from 'nestjs-mcp-auth';
import { callTool, message, post, textOf } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

class Address {
  @IsString()
  city!: string;
}

class Shipping {
  @IsOptional()
  @ValidateNested()
  @Type(() => Address)
  from?: Address;

  @IsOptional()
  @ValidateNested()
  @Type(() => Address)
  to?: Address;

  @IsOptional()
  @IsString()
  @Transform(({ value }: { value: string }) => new URL(value).host)
  site?: string;
}

/** A schema of another library, whose issues have paths of objects. */
const STRANGE = {
  '~standard': {
    version: 1 as const,
    vendor: 'acme',
    validate: () => ({ issues: [{ message: 'is wrong', path: [{ key: 'a' }, 0, 'b'] }, { message: 'All is wrong' }] }),
    jsonSchema: { input: () => ({ type: 'object' }), output: () => ({ type: 'object' }) },
  },
};

class Tools {
  @McpTool({ description: 'x', input: Shipping })
  ship(shipping: Shipping) {
    return { ...shipping };
  }

  @McpTool({ description: 'x', input: STRANGE as never })
  strange() {
    return 'x';
  }
}

describe.each(['express', 'fastify'] as const)('odd arguments, on %s', (platform) => {
  let server: ProtectedServer;
  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Tools] });
  });
  afterAll(() => server.close());

  const call = async (name: string, args: Record<string, unknown>) =>
    await callTool(server.resource, await server.token(), name, args);

  test('a class that another one has twice is described once', async () => {
    const response = await post(server.resource, message('tools/list'), { token: await server.token() });
    const { result } = (await response.json()) as { result: { tools: { name: string; inputSchema: object }[] } };

    expect(result.tools.find(({ name }) => name === 'ship')?.inputSchema).toMatchObject({
      properties: { from: { $ref: '#/$defs/Address' }, to: { $ref: '#/$defs/Address' }, site: { type: 'string' } },
      $defs: { Address: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
    });
  });

  test('a transformation that fails is a fault of the arguments', async () => {
    expect((await call('ship', { site: 'https://acme.example/a' })).structuredContent).toEqual({
      site: 'acme.example',
    });
    const failed = await call('ship', { site: 'acme' });

    expect(failed.isError).toBe(true);
    expect(textOf(failed)).toBe('Invalid arguments for ship:\n- could not be read');
  });

  test('problems are told with their paths', async () => {
    expect(textOf(await call('strange', {}))).toBe('Invalid arguments for strange:\n- a.0.b: is wrong\n- All is wrong');
  });
});
