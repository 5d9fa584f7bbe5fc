/** The rest of MCP and of Nest, with the installed package, on the platform that is named. */
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  Catch,
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Param,
  ParseIntPipe,
  Scope,
  UseFilters,
  UseGuards,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestApplicationOptions,
} from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { IsString } from 'class-validator';
import {
  CurrentCaller,
  McpInput,
  McpAuthModule,
  McpPrompt,
  McpRegistry,
  McpResourceTemplate,
  McpTool,
  type Caller,
  type McpContext,
} from 'nestjs-mcp-auth';
import { TestIssuer } from 'nestjs-mcp-auth/testing';
import { z } from 'zod';

const platform = process.argv[2] ?? 'express';

class Broken extends Error {}

@Catch(Broken)
class Mending implements ExceptionFilter {
  catch() {
    return 'mended';
  }
}

@Injectable()
class OnlyAlice implements CanActivate {
  canActivate(context: ExecutionContext) {
    const { user } = context.switchToHttp().getRequest<{ user?: { subject?: string } }>();
    return context.getType<string>() === 'http' || user?.subject === 'alice';
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerCall {
  constructor(@Inject(REQUEST) private readonly context: McpContext) {}

  get subject() {
    return this.context.caller?.subject;
  }
}

class Order {
  @IsString()
  id!: string;
}

@Injectable()
class Tools {
  constructor(private readonly perCall: PerCall) {}

  @UseFilters(Mending)
  @McpTool({ description: 'x' })
  broken() {
    throw new Broken();
  }

  @UseGuards(OnlyAlice)
  @McpTool({ description: 'x', input: Order })
  order(@CurrentCaller() caller: Caller, @McpInput() order: Order) {
    return { isOrder: order instanceof Order, subject: caller.subject, same: this.perCall.subject };
  }

  @McpTool({ description: 'x' })
  async ask(_input: unknown, context: McpContext) {
    return await context.elicit('Sure?', z.object({ sure: z.boolean() }));
  }

  @McpTool({ description: 'x' })
  async *items() {
    yield 'a';
    await Promise.resolve();
    yield 'b';
  }

  @McpResourceTemplate({ uriTemplate: 'orders://{id}' })
  read({ id }: { id: string }) {
    return id;
  }

  @McpPrompt({})
  hello() {
    return 'Hello';
  }
}

@Controller('orders')
class Orders {
  @McpTool({ name: 'get_order', description: 'x', input: z.object({ id: z.number() }) })
  @Get(':id')
  find(@Param('id', ParseIntPipe) id: number) {
    return { id };
  }
}

const issuer = await TestIssuer.start();
const http = createServer();
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
const resource = `${origin}/mcp`;

@Module({
  imports: [
    McpAuthModule.forRoot({
      server: { name: 'whole', version: '1.0.0' },
      resource,
      issuers: [{ issuer: issuer.issuer }],
      doctor: false,
      lists: { ttlMs: 0 },
    }),
  ],
  controllers: [Orders],
  providers: [Tools, PerCall, OnlyAlice],
})
class AppModule {}

const options = { logger: ['error', 'warn'] } satisfies NestApplicationOptions;
const app =
  platform === 'fastify'
    ? await NestFactory.create(AppModule, new FastifyAdapter(), options)
    : await NestFactory.create(AppModule, options);
await app.init();
if (platform === 'fastify') {
  const fastify = app.getHttpAdapter().getInstance() as { ready(): Promise<void>; routing: RequestListener };
  await fastify.ready();
  http.on('request', fastify.routing);
} else {
  http.on('request', app.getHttpAdapter().getInstance() as RequestListener);
}

for (const era of ['modern', 'legacy'] as const) {
  const client = new Client(
    { name: 'consumer', version: '1.0.0' },
    {
      versionNegotiation: { mode: era === 'modern' ? { pin: '2026-07-28' } : 'legacy' },
      capabilities: { elicitation: { form: {} } },
    },
  );
  client.setRequestHandler('elicitation/create', () => Promise.resolve({ action: 'accept', content: { sure: true } }));
  const token = await issuer.token({ audience: resource, scopes: [] });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(resource), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    }),
  );
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const { structuredContent, content } = await client.callTool({ name, arguments: args });
    return structuredContent ?? content;
  };
  assert.deepEqual(await call('broken'), [{ type: 'text', text: 'mended' }]);
  assert.deepEqual(await call('order', { id: '7' }), { isOrder: true, subject: 'alice', same: 'alice' });
  assert.deepEqual(await call('ask'), { action: 'accept', content: { sure: true } });
  assert.deepEqual(await call('items'), [
    { type: 'text', text: 'a' },
    { type: 'text', text: 'b' },
  ]);
  assert.deepEqual(await call('get_order', { id: 7 }), { id: 7 });
  assert.equal(await (await fetch(`${origin}/orders/7`)).text(), '{"id":7}');
  const [contents] = (await client.readResource({ uri: 'orders://7' })).contents;
  assert.equal(contents && 'text' in contents && contents.text, '7');
  assert.equal((await client.getPrompt({ name: 'hello' })).messages.length, 1);
  const registration = await app.get(McpRegistry).registerTool({ name: 'late', description: 'x' }, () => 'late');
  assert.deepEqual(await call('late'), [{ type: 'text', text: 'late' }]);
  registration.remove();
  await client.close();
  console.log(`${platform} ${era}: all of it`);
}
http.closeAllConnections();
http.close();
await app.close();
await issuer.close();
process.exit(0);
