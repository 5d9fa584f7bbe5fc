import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD, Reflector } from '@nestjs/core';
import { afterEach, describe, expect, test } from '@jest/globals';
import { McpTool, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const Public = () => SetMetadata('isPublic', true);

@Injectable()
class DenyByDefault implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    return this.reflector.getAllAndOverride<boolean>('isPublic', [context.getHandler(), context.getClass()]) ?? false;
  }
}

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  fine() {
    return 'fine';
  }
}

let server: ProtectedServer;
afterEach(() => server.close());

describe.each(['express', 'fastify'] as const)('once it listens on %s, the doctor', (platform) => {
  async function start(endpoint: McpAuthModuleOptions['endpoint'], isGuarded = true): Promise<string[]> {
    server = await startProtectedServer({
      platform,
      options: { doctor: true, ...(endpoint && { endpoint }) },
      providers: [Tools, ...(isGuarded ? [{ provide: APP_GUARD, useClass: DenyByDefault }] : [])],
    });
    await server.app.listen(0, '127.0.0.1');
    const isDone = () => /challenge_missing|clients get the document|could not be asked/.test(server.log.text);
    while (!isDone()) await new Promise(setImmediate);
    return server.log.lines.filter((line) => /McpAuthDoctor/.test(line) && line.startsWith('error'));
  }

  test('says that a guard of the application refuses clients, and what opens the routes', async () => {
    const lines = await start(undefined);
    expect(lines).toEqual([
      expect.stringMatching(
        /answers 403 where clients learn .*endpoint: \{ decorators: \[Public\(\)\] \}.*resource_metadata_unusable/,
      ),
      expect.stringMatching(/answers 403 to a request without a token, without a challenge.*challenge_missing/),
    ]);
  });

  test.each([
    ['with marked routes', { decorators: [Public()] }, true],
    ['without such a guard', undefined, false],
  ])('says nothing %s', async (_what, endpoint, isGuarded) => {
    expect(await start(endpoint, isGuarded)).toEqual([]);
    expect(server.log.text).toContain('clients get the document and the challenge of the module');
  });
});
