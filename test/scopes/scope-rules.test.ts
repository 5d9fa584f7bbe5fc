import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { callTool, post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const ran: string[] = [];

@Injectable()
class OrderTools {
  @McpTool({ description: 'x', scopes: ['orders:read'] })
  find(): string {
    ran.push('find');
    return 'done';
  }
  @McpTool({ description: 'x', scopes: { anyOf: ['orders:cancel', 'support'] } })
  cancel(): string {
    ran.push('cancel');
    return 'done';
  }
  @McpTool({ description: 'x', scopes: { allOf: ['orders:write', 'audit'], anyOf: ['eu', 'us'] } })
  move(): string {
    ran.push('move');
    return 'done';
  }
  @McpTool({
    description: 'x',
    input: z.object({ region: z.string().trim(), urgent: z.boolean().default(false) }),
    scopes: ({ region, urgent }) => [`orders:${region}`, ...(urgent ? ['urgent'] : [])],
  })
  ship({ region }: { region: string }): string {
    ran.push(`ship ${region}`);
    return 'done';
  }
  @McpTool({
    description: 'x',
    input: z.object({ all: z.boolean() }),
    scopes: ({ all }) => (all ? { anyOf: ['export', 'orders:admin'] } : []),
  })
  export(): string {
    ran.push('export');
    return 'done';
  }
}

/** `done`, or status, error and scope of the challenge. */
async function outcome(
  server: ProtectedServer,
  scope: string,
  tool: string,
  args: Record<string, unknown> = {},
): Promise<string> {
  const response = await post(server.resource, toolCall(tool, args), { token: await server.token(scope) });
  if (response.status === 200) {
    const { result } = (await response.json()) as { result: Parameters<typeof textOf>[0] };
    return textOf(result);
  }
  const header = response.headers.get('www-authenticate') ?? '';
  return [response.status, /error="([^"]*)"/.exec(header)?.[1], /scope="([^"]*)"/.exec(header)?.[1]].join(' ');
}

function serverWith(options: Partial<McpAuthModuleOptions>): () => ProtectedServer {
  let server: ProtectedServer | undefined;
  beforeAll(async () => {
    server = await startProtectedServer({ providers: [OrderTools], options });
  });
  afterAll(() => server?.close());
  return () => {
    if (!server) throw new Error('The server is not there yet');
    return server;
  };
}

describe('a rule', () => {
  const server = serverWith({});

  test.each([
    ['cancel', 'orders:cancel', 'done'],
    ['cancel', 'support', 'done'],
    ['cancel', 'support orders:cancel', 'done'],
    ['cancel', '', '403 insufficient_scope orders:cancel'],
    ['cancel', 'orders:read', '403 insufficient_scope orders:cancel'],
    ['move', 'orders:write audit eu', 'done'],
    ['move', 'us audit orders:write', 'done'],
    ['move', 'orders:write audit', '403 insufficient_scope orders:write audit eu'],
    ['move', 'eu us', '403 insufficient_scope orders:write audit eu'],
    ['move', 'orders:write us', '403 insufficient_scope orders:write audit us'],
  ])('of %s: the scopes "%s" are answered with %s', async (tool, scope, expected) => {
    ran.length = 0;
    expect(await outcome(server(), scope, tool)).toBe(expected);
    expect(ran).toEqual(expected === 'done' ? [tool] : []);
  });
});

describe('scopes that depend on the arguments', () => {
  const server = serverWith({});

  test.each([
    [{ region: 'eu' }, 'orders:eu', 'done'],
    [{ region: 'us' }, 'orders:eu', '403 insufficient_scope orders:us'],
    [{ region: 'eu', urgent: true }, 'orders:eu', '403 insufficient_scope orders:eu urgent'],
    [{ region: 'eu', urgent: true }, 'urgent', '403 insufficient_scope orders:eu urgent'],
    [{ region: 'eu', urgent: true }, 'urgent orders:eu', 'done'],
  ])('are those of %j: with "%s" the answer is %s', async (args, scope, expected) => {
    ran.length = 0;
    expect(await outcome(server(), scope, 'ship', args)).toBe(expected);
    expect(ran).toEqual(expected === 'done' ? ['ship eu'] : []);
  });

  test('are those of the validated arguments, and the tool gets the very same', async () => {
    ran.length = 0;
    expect(await outcome(server(), 'orders:eu', 'ship', { region: ' eu ' })).toBe('done');
    expect(ran).toEqual(['ship eu']);
  });

  test.each([
    [{}, /region/],
    [{ region: 7 }, /region/],
    [{ region: 'eu', urgent: 'yes' }, /urgent/],
  ])('cannot be told of %j, which no tool would run with', async (args, problem) => {
    ran.length = 0;
    expect(await outcome(server(), 'orders:eu', 'ship', args)).toMatch(problem);
    expect(ran).toEqual([]);
  });

  test('may be alternatives, or none', async () => {
    expect(await outcome(server(), '', 'export', { all: false })).toBe('done');
    expect(await outcome(server(), '', 'export', { all: true })).toBe('403 insufficient_scope export');
    expect(await outcome(server(), 'orders:admin', 'export', { all: true })).toBe('done');
  });

  test.each(['eu" , error="x', 'eu\r\nx-injected: 1', 'e u', 'eu\\', '\u00e9'])(
    'never put into a challenge what is no scope: %j',
    async (region) => {
      const { resource } = server();
      const response = await post(resource, toolCall('ship', { region }), { token: await server().token('') });
      expect(response.status).toBe(403);
      expect(response.headers.get('x-injected')).toBeNull();
      expect(response.headers.get('www-authenticate')).toMatch(
        /^Bearer error="insufficient_scope", error_description="[^"\\]*", resource_metadata="[^"\\]*"$/,
      );
    },
  );

  test('do not lose the scopes of tools that have fixed ones', async () => {
    const response = await fetch(`${server().origin}/.well-known/oauth-protected-resource/mcp`);
    expect(await response.json()).toMatchObject({
      scopes_supported: ['audit', 'eu', 'orders:cancel', 'orders:read', 'orders:write', 'support', 'us'],
    });
  });
});

const IMPLICATIONS: Record<string, string[]> = {
  'orders:admin': ['orders:write', 'orders:cancel'],
  'orders:write': ['orders:read', 'orders:admin'],
};

describe.each<[string, NonNullable<NonNullable<McpAuthModuleOptions['scopes']>['hierarchy']>]>([
  ['a map', IMPLICATIONS],
  ['a function', (scope) => IMPLICATIONS[scope] ?? []],
])('a hierarchy given as %s', (_name, scopeHierarchy) => {
  const server = serverWith({ scopes: { hierarchy: scopeHierarchy } });

  test.each([
    ['find', 'orders:read', 'done'],
    ['find', 'orders:write', 'done'],
    ['find', 'orders:admin', 'done'],
    ['cancel', 'orders:admin', 'done'],
    ['cancel', 'orders:read', '403 insufficient_scope orders:cancel'],
    ['move', 'orders:admin audit us', 'done'],
    ['find', 'orders', '403 insufficient_scope orders:read'],
    ['find', 'orders:admin2', '403 insufficient_scope orders:read'],
    ['find', 'constructor __proto__', '403 insufficient_scope orders:read'],
  ])(
    'counts what a scope implies, over several steps: %s with "%s" is answered with %s',
    async (tool, scope, expected) => {
      expect(await outcome(server(), scope, tool)).toBe(expected);
    },
  );
});

test('a hierarchy without an end does not hang the server', async () => {
  const server = await startProtectedServer({
    providers: [OrderTools],
    options: { scopes: { hierarchy: (scope) => [`${scope}x`] } },
  });
  expect(await outcome(server, 'o', 'find')).toBe('403 insufficient_scope orders:read');
  await server.close();
});

describe("challenge: 'union'", () => {
  const server = serverWith({ scopes: { challenge: 'union', hierarchy: { 'orders:write': ['orders:read'] } } });

  test.each([
    ['profile orders:write', 'move', 'orders:write audit eu profile'],
    ['', 'find', 'orders:read'],
    // What older clients may ask for again is all that they hold, and no more than a client may ask a resource for.
    ['offline_access a"b profile', 'find', 'orders:read profile'],
  ])('asks a holder of "%s" who calls %s for "%s"', async (scope, tool, expected) => {
    expect(await outcome(server(), scope, tool)).toBe(`403 insufficient_scope ${expected}`);
  });
});

test("list: 'permitted' counts what scopes imply", async () => {
  const server = await startProtectedServer({
    providers: [OrderTools],
    options: { lists: { show: 'permitted' }, scopes: { hierarchy: IMPLICATIONS } },
  });
  expect(textOf(await callTool(server.resource, await server.token('orders:admin'), 'find'))).toBe('done');
  await server.close();
});
