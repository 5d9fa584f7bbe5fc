import {
  Injectable,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
} from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isMcp, McpTool } from 'nestjs-mcp-auth';
import { callTool, post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const Public = () => SetMetadata('isPublic', true);

/** As applications have it: what is not marked takes the token of the application. */
@Injectable()
class DenyByDefault implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    return this.reflector.getAllAndOverride<boolean>('isPublic', [context.getHandler(), context.getClass()]) ?? false;
  }
}

/** Looks at the handler alone. */
@Injectable()
class DenyUnmarkedHandlers implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    return isMcp(context) || (this.reflector.get<boolean>('isPublic', context.getHandler()) ?? false);
  }
}

@Public()
@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  open() {
    return 'open';
  }
}

@Injectable()
class ClosedTools {
  @McpTool({ description: 'x' })
  closed() {
    return 'closed';
  }
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;
  const documents: OpenAPIObject[] = [];
  const document = (app: INestApplication) => SwaggerModule.createDocument(app, new DocumentBuilder().build());

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      options: { endpoint: { decorators: [Public()] } },
      configure: (app) => documents.push(document(app)), // as `main.ts` has it, before the application is initialized
      providers: [
        Tools,
        ClosedTools,
        { provide: APP_GUARD, useClass: DenyByDefault },
        { provide: APP_GUARD, useClass: DenyUnmarkedHandlers },
      ],
    });
  });
  afterAll(() => server.close());

  test('a guard that refuses by default lets the marked routes through', async () => {
    const challenged = await post(server.resource, toolCall('open'));
    expect(challenged.status).toBe(401);
    expect(challenged.headers.get('www-authenticate')).toMatch(/^Bearer .*resource_metadata=/);
    const document = await fetch(`${server.origin}/.well-known/oauth-protected-resource/mcp`);
    expect(document.status).toBe(200);
    const token = await server.token();
    expect(textOf(await callTool(server.resource, token, 'open'))).toBe('open');
    expect(textOf(await callTool(server.resource, token, 'closed'))).toBe('Forbidden resource');
  });

  test('routes of the module are not in the document of @nestjs/swagger', () => {
    documents.push(document(server.app));
    expect(documents.map(({ paths }) => paths)).toEqual([{}, {}]);
  });
});

test('a decorator that brings the class of a guard stops the boot, because Nest would skip it', async () => {
  const boot = startProtectedServer({ options: { endpoint: { decorators: [UseGuards(DenyByDefault)] } } });
  await expect(boot).rejects.toThrow('`endpoint.decorators` brings DenyByDefault, which Nest would not find');
});
