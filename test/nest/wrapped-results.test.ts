import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { afterEach, describe, expect, test } from '@jest/globals';
import { McpTool } from 'nestjs-mcp-auth';
import { map } from 'rxjs';
import { z } from 'zod';
import { callTool, post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x', output: z.object({ id: z.string() }) })
  order() {
    return { id: '7' };
  }

  @McpTool({ description: 'x', output: z.object({ id: z.string() }) })
  wrong() {
    return { id: 7 } as unknown as { id: string };
  }
}

@Injectable()
class WrapInData implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

let server: ProtectedServer;
afterEach(() => server.close());

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  test('an interceptor that wraps results is named in the log, with the fix', async () => {
    server = await startProtectedServer({
      platform,
      providers: [Tools],
      configure: (app) => app.useGlobalInterceptors(new WrapInData()),
    });
    const token = await server.token();
    expect(textOf(await callTool(server.resource, token, 'order'))).toMatch(/^order failed, for a reason/);
    expect(server.log.text).toContain('an interceptor of the application changed it (WrapInData)');
    expect(server.log.text).toContain('if (isMcp(context)) return next.handle()');
    server.log.lines.length = 0;
    await callTool(server.resource, token, 'wrong');
    expect(server.log.text).toContain('wrong failed');
    expect(server.log.text).not.toContain('changed it');
  });

  test('a ThrottlerGuard of the whole application counts each caller by itself', async () => {
    server = await startProtectedServer({
      platform,
      imports: [ThrottlerModule.forRoot([{ ttl: 60_000, limit: 2 }])],
      providers: [Tools, { provide: APP_GUARD, useClass: ThrottlerGuard }],
    });
    const call = async (sub: string) => {
      const { status } = await post(server.resource, toolCall('order'), { token: await server.token('', { sub }) });
      return status;
    };
    expect([await call('busy'), await call('busy'), await call('busy')]).toEqual([200, 200, 429]);
    expect(await call('another')).toBe(200);
  });
});
