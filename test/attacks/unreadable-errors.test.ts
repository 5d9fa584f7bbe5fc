import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

function fail(): never {
  throw Object.defineProperty(new Error('x'), 'message', { get: fail });
}

@Injectable()
class Tools {
  @McpTool({ description: 'x', input: z.object({}), scopes: () => fail() })
  scoped(): string {
    return 'x';
  }

  @McpTool({ description: 'x' })
  tool(): never {
    return fail();
  }

  @McpTool({ description: 'x' })
  nothing(): never {
    throw undefined;
  }
}

describe.each(['express', 'fastify'] as const)(
  'what is no readable error ends no process, and is told as a failure, on %s',
  (platform) => {
    let server: ProtectedServer;

    beforeAll(async () => {
      server = await startProtectedServer({ platform, providers: [Tools] });
    });
    afterAll(() => server.close());

    test.each([
      ['scoped', 500],
      ['tool', 200],
      ['nothing', 200],
    ])('%s', async (tool, status) => {
      const response = await post(server.resource, toolCall(tool), { token: await server.token() });
      expect(response.status).toBe(status);
      if (status === 200) expect(await response.json()).toMatchObject({ result: { isError: true } });
    });
  },
);
