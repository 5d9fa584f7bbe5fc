import type { IncomingMessage, ServerResponse } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import {
  All,
  Body,
  Controller,
  Post,
  Req,
  Res,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ProtectedMcp } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** What the tool of the other server got. */
const got: string[] = [];

type Request = IncomingMessage & { raw?: IncomingMessage; body?: unknown };
type Response = ServerResponse & { raw?: ServerResponse; hijack?: () => void };

async function answer(request: Request, response: Response, body: unknown): Promise<void> {
  response.hijack?.();
  const server = new McpServer({ name: 'other', version: '1.0.0' });
  server.registerTool('wipe', { inputSchema: { what: z.string() } }, ({ what }) => {
    got.push(what);
    return { content: [{ type: 'text', text: 'wiped' }] };
  });
  const transport = new StreamableHTTPServerTransport();
  await server.connect(transport);
  await transport.handleRequest(request.raw ?? request, response.raw ?? response, body);
}

const RULES = {
  tools: { wipe: { scopes: (args: Readonly<Record<string, unknown>>) => (args.what === 'prod' ? ['admin'] : []) } },
};

@Controller('mcp')
@ProtectedMcp(RULES)
class ByBody {
  @Post() async handle(@Req() request: Request, @Res() response: Response, @Body() body: unknown) {
    await answer(request, response, body);
  }
}

@Controller('mcp')
@ProtectedMcp(RULES)
class ByMember {
  @Post() async handle(@Req() request: Request, @Res() response: Response, @Body('params') params: unknown) {
    await answer(request, response, { ...(request.body as object), params });
  }
}

@Controller('mcp')
@ProtectedMcp(RULES)
class ByRequest {
  @All() async handle(@Req() request: Request, @Res() response: Response) {
    await answer(request, response, request.body);
  }
}

const trim = (value: unknown): unknown =>
  typeof value === 'string'
    ? value.trim()
    : typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, trim(one)]))
      : value;

class Trim implements PipeTransform {
  transform(value: unknown): unknown {
    return trim(value);
  }
}

class Replace implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const request = context.switchToHttp().getRequest<Request>();
    request.body = trim(request.body);
    return next.handle();
  }
}

class ChangeInPlace implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler) {
    const { body } = context.switchToHttp().getRequest<{ body: { params: { arguments: object } } }>();
    Object.assign(body.params.arguments, trim(body.params.arguments));
    return next.handle();
  }
}

const WAYS: readonly (readonly [what: string, controller: Type, enhancer: { provide: string; useClass: Type }])[] = [
  ['a global pipe, and @Body()', ByBody, { provide: APP_PIPE, useClass: Trim }],
  ['a global pipe, and @Body() of a member', ByMember, { provide: APP_PIPE, useClass: Trim }],
  ['an interceptor that replaces the body', ByRequest, { provide: APP_INTERCEPTOR, useClass: Replace }],
  ['an interceptor that changes the body', ByBody, { provide: APP_INTERCEPTOR, useClass: ChangeInPlace }],
];

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  describe.each(WAYS)('behind @ProtectedMcp, %s', (_what, controller, enhancer) => {
    let server: ProtectedServer;
    beforeAll(async () => {
      server = await startProtectedServer({
        platform,
        controllers: [controller],
        providers: [enhancer],
        options: { endpoint: { mount: false } },
      });
    });
    afterEach(() => {
      got.length = 0;
    });
    afterAll(() => server.close());

    async function wipe(what: string, scope: string) {
      const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'wipe', arguments: { what } } };
      const headers = { 'mcp-protocol-version': '2025-11-25' };
      const response = await post(server.resource, body, { token: await server.token(scope), headers });
      return { status: response.status, text: await response.text() };
    }

    test.each(['prod ', ' prod', '\tprod\n'])('makes nothing of %j that was not authorized', async (what) => {
      for (const scope of ['', 'admin']) {
        const { status, text } = await wipe(what, scope);
        expect([status, text.includes('wiped')]).toEqual([403, false]);
      }
      expect(got).toEqual([]);
    });

    test('lets pass what it leaves as it is', async () => {
      expect((await wipe('prod', '')).status).toBe(403);
      expect((await wipe('prod', 'admin')).text).toContain('wiped');
      expect((await wipe('test', '')).text).toContain('wiped');
      expect(got).toEqual(['prod', 'test']);
    });
  });
});
