import {
  Body,
  Controller,
  createParamDecorator,
  Get,
  Headers,
  Injectable,
  Param,
  ParseIntPipe,
  Post,
  Query,
  Req,
  Res,
  UseGuards,
  ValidationPipe,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, MaxLength, Min, ValidateNested } from 'class-validator';
import { CurrentCaller, McpInput, McpContext, McpTool, type Caller } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { callTool, message, post, textOf } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

class Address {
  @IsString()
  city!: string;
}

class FindOrder {
  @IsString()
  @MaxLength(5)
  id!: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  limit?: number;

  @IsOptional()
  @ValidateNested()
  @Type(() => Address)
  address?: Address;
}

const Tenant = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const { user } = context.switchToHttp().getRequest<{ user: Caller }>();
  return `tenant of ${user.subject}`;
});

@Injectable()
class Tools {
  @McpTool({ description: 'x', input: FindOrder })
  dto(order: FindOrder) {
    return { isOrder: order instanceof FindOrder, isAddress: order.address instanceof Address, order };
  }

  @McpTool({ description: 'x', input: z.object({ id: z.string(), n: z.number() }) })
  decorated(
    @CurrentCaller() caller: Caller,
    @McpInput('id') id: string,
    @McpInput() input: object,
    @McpContext('correlationId') correlationId: string,
    @Tenant() tenant: string,
    @McpInput('n', ParseIntPipe) n: number,
    @McpContext() context: McpContext,
  ) {
    return { subject: caller.subject, id, input, isId: correlationId === context.correlationId, tenant, n };
  }
}

@Injectable()
class RolesGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    const request = context.switchToHttp().getRequest<{ user?: { subject?: string }; headers: object }>();
    return context.getType() === 'http' || (request.user?.subject === 'alice' && !('authorization' in request.headers));
  }
}

@Controller('orders')
@UseGuards(RolesGuard)
class Orders {
  @McpTool({
    name: 'get_order',
    description: 'x',
    input: z.object({ id: z.number(), verbose: z.boolean().optional() }),
  })
  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number, @Query('verbose') verbose?: boolean) {
    return { id, verbose: verbose ?? false };
  }

  @McpTool({ name: 'create_order', description: 'x', input: FindOrder })
  @Post()
  create(
    @Body() order: FindOrder,
    @Headers('x-request-id') requestId: string | undefined,
    @Req() request: { user?: Caller },
  ) {
    return { order, requestId, subject: request.user?.subject };
  }
}

let server: ProtectedServer;

beforeAll(async () => {
  server = await startProtectedServer({
    providers: [Tools],
    controllers: [Orders],
    configure: (app) => app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true })),
  });
});

afterAll(() => server.close());

async function call(name: string, args: Record<string, unknown>, sub = 'alice') {
  return await callTool(server.resource, await server.token('', { sub }), name, args);
}

describe('a class with decorators of class-validator', () => {
  test('is told to clients as JSON Schema', async () => {
    const response = await post(server.resource, message('tools/list'), { token: await server.token() });
    const { result } = (await response.json()) as { result: { tools: { name: string; inputSchema: unknown }[] } };
    expect(result.tools.find(({ name }) => name === 'dto')?.inputSchema).toEqual({
      type: 'object',
      properties: {
        id: { type: 'string', maxLength: 5 },
        limit: { type: 'integer', minimum: 1 },
        address: { $ref: '#/$defs/Address' },
      },
      required: ['id'],
      $defs: { Address: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } },
    });
  });

  test('checks arguments, and its instances are what the method gets', async () => {
    const { structuredContent } = await call('dto', { id: '7', address: { city: 'Bern' }, isAdmin: true });
    expect(structuredContent).toEqual({
      isOrder: true,
      isAddress: true,
      order: { id: '7', address: { city: 'Bern' } },
    });
  });

  test('says what is wrong, for the model to mend', async () => {
    const result = await call('dto', { id: 'too long', limit: 0, address: { city: 7 } });
    expect(result.isError).toBe(true);
    expect(textOf(result).split('\n')).toEqual([
      'Invalid arguments for dto:',
      '- id must be shorter than or equal to 5 characters',
      '- limit must not be less than 1',
      '- address.city must be a string',
    ]);
  });
});

test('decorators of parameters say what each is', async () => {
  const { structuredContent } = await call('decorated', { id: '7', n: 3 });
  expect(structuredContent).toEqual({
    subject: 'alice',
    id: '7',
    input: { id: '7', n: 3 },
    isId: true,
    tenant: 'tenant of alice',
    n: 3,
  });
});

describe('a route that is a tool as well', () => {
  test('answers over HTTP as before', async () => {
    const response = await fetch(`${server.origin}/orders/7?verbose=true`);
    expect(await response.json()).toEqual({ id: 7, verbose: true });
  });

  test('gets arguments where it had parameters of the path, the query and the body', async () => {
    expect((await call('get_order', { id: 7, verbose: true })).structuredContent).toEqual({ id: 7, verbose: true });
    expect((await call('create_order', { id: '8' })).structuredContent).toEqual({
      order: { id: '8' },
      subject: 'alice',
    });
    expect(await call('create_order', { id: 8 })).toMatchObject({ isError: true });
  });

  test('is behind its own guards, which find the caller in the request, and no token', async () => {
    expect(await call('get_order', { id: 7 }, 'bob')).toMatchObject({ isError: true });
  });
});

test('a parameter that there is no value for stops the boot', async () => {
  @Controller('files')
  class Files {
    @McpTool({ description: 'x' })
    @Get()
    download(@Req() _request: unknown, @Res() response: { send(body: string): void }) {
      response.send('x');
    }
  }
  await expect(startProtectedServer({ controllers: [Files as never] })).rejects.toThrow(
    'A parameter of Files.download has @Res(), for which @McpTool has no value',
  );
});
