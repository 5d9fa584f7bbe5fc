import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import { Denial, McpTool, UsePolicy, type McpContext, type Policy, type PolicyRequest } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { callTool, message, post, textOf, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const asked: { policy: string; request: PolicyRequest }[] = [];
const ran: string[] = [];

@Injectable()
class Tenants {
  of(subject: string | undefined): string {
    return subject === 'alice' ? 'acme' : 'other';
  }
}

/** Injected with a provider of the tools' own module. */
@Injectable()
class SameTenant implements Policy {
  constructor(@Inject(Tenants) private readonly tenants: Tenants) {}

  permits(request: PolicyRequest): boolean | Denial {
    asked.push({ policy: 'SameTenant', request });
    const { tenant } = request.arguments as { tenant: string };
    return (
      this.tenants.of(request.caller?.subject) === tenant || new Denial('That is of another tenant.', 'unavailable')
    );
  }
}

@Injectable()
class OfficeHours implements Policy {
  permits(request: PolicyRequest): Promise<boolean> {
    asked.push({ policy: 'OfficeHours', request });
    return Promise.resolve(request.caller?.claims.night !== true);
  }
}

@Injectable()
class Approved implements Policy {
  permits(): Denial {
    return new Denial('Your manager has to approve it.', 'available', [
      { type: 'url', url: 'https://approvals.example.com/7' },
    ]);
  }
}

@Injectable()
class Broken implements Policy {
  permits(): boolean {
    throw new Error('db password is hunter2');
  }
}

@Injectable()
class Nonsense implements Policy {
  permits(): boolean {
    return 'yes' as unknown as boolean;
  }
}

/** A new one for each call. */
@Injectable({ scope: Scope.TRANSIENT })
class Once implements Policy {
  #used = false;

  permits(): boolean {
    const isFirst = !this.#used;
    this.#used = true;
    return isFirst;
  }
}

const input = z.object({ tenant: z.string().toLowerCase() });

@Injectable()
@UsePolicy(OfficeHours)
class OrderTools {
  @McpTool({ description: 'x', input, scopes: ['orders:read'] })
  @UsePolicy(SameTenant)
  find({ tenant }: { tenant: string }): string {
    ran.push(tenant);
    return 'found';
  }
  @McpTool({ description: 'x' })
  @UsePolicy(Approved)
  pay(): string {
    return 'paid';
  }
  @McpTool({ description: 'x' })
  @UsePolicy(Broken)
  broken(): string {
    return 'ran';
  }
  @McpTool({ description: 'x' })
  @UsePolicy(Nonsense)
  nonsense(): string {
    return 'ran';
  }
  @McpTool({ description: 'x' })
  @UsePolicy(Once)
  once(): string {
    return 'ran';
  }
  @McpTool({ description: 'x' })
  plain(_input: unknown, { correlationId }: McpContext): string {
    return correlationId;
  }
}

@Module({ providers: [OrderTools, Tenants, OfficeHours] })
class OrderModule {}

let server: ProtectedServer;

beforeAll(async () => {
  server = await startProtectedServer({ imports: [OrderModule] });
});
afterAll(() => server.close());
beforeEach(() => {
  asked.length = 0;
  ran.length = 0;
});

const call = async (tool: string, claims: Record<string, unknown> = {}, args: Record<string, unknown> = {}) =>
  await callTool(server.resource, await server.token('orders:read', claims), tool, args);

describe('a policy', () => {
  test('sees the caller, the operation and the validated arguments, after the policies of the class', async () => {
    expect(textOf(await call('find', {}, { tenant: 'ACME' }))).toBe('found');
    expect(asked.map(({ policy }) => policy)).toEqual(['OfficeHours', 'SameTenant']);
    for (const { request } of asked) {
      expect(request).toMatchObject({
        caller: { subject: 'alice', clientId: 'test-client', scopes: ['orders:read'], issuer: server.issuer.issuer },
        operation: { method: 'tools/call', name: 'find' },
        arguments: { tenant: 'acme' },
      });
    }
    expect(ran).toEqual(['acme']);
  });

  test('denies in the shape of SEP-2643, and not with a challenge that no scope would meet', async () => {
    const response = await post(server.resource, toolCall('find', { tenant: 'acme' }), {
      token: await server.token('orders:read', { sub: 'bob' }),
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(await response.json()).toMatchObject({
      result: {
        isError: true,
        content: [
          { type: 'text', text: expect.stringMatching(/^That is of another tenant\. Reference .*[0-9a-f-]{36}$/) },
        ],
        _meta: {
          'io.modelcontextprotocol/authorization': {
            reason: 'insufficient_authorization',
            remediation: 'unavailable',
          },
        },
      },
    });
    expect(ran).toEqual([]);
  });

  test('may say how to get leave', async () => {
    const response = await post(server.resource, toolCall('pay'), { token: await server.token() });
    expect(await response.json()).toMatchObject({
      result: {
        isError: true,
        _meta: {
          'io.modelcontextprotocol/authorization': {
            remediation: 'available',
            remediationHints: [{ type: 'url', url: 'https://approvals.example.com/7' }],
          },
        },
      },
    });
  });

  test('that denies is the last one asked, and says no more than it wants to', async () => {
    const result = await call('find', { night: true }, { tenant: 'acme' });
    expect(result.isError).toBe(true);
    expect(textOf(result)).toMatch(/^This is not allowed for you\. Reference/);
    expect(result).toMatchObject({
      _meta: { 'io.modelcontextprotocol/authorization': { remediation: 'undisclosed' } },
    });
    expect(asked.map(({ policy }) => policy)).toEqual(['OfficeHours']);
  });

  test.each(['broken', 'nonsense'])('that is %s lets nobody pass, and tells nobody why', async (tool) => {
    const result = await call(tool);
    expect(result.isError).toBe(true);
    expect(textOf(result)).not.toMatch(/ran|hunter2/);
  });

  test('that is transient is made anew for each call', async () => {
    expect(textOf(await call('once'))).toBe('ran');
    expect(textOf(await call('once'))).toBe('ran');
  });

  test('is not asked about callers without the scopes, nor about arguments that are not valid', async () => {
    const denied = await post(server.resource, toolCall('find', { tenant: 'acme' }), { token: await server.token() });
    expect(denied.status).toBe(403);
    expect((await call('find', {}, { tenant: 7 })).isError).toBe(true);
    expect(asked).toEqual([]);
  });

  test('of the class holds for tools without policies of their own, and for no other operation', async () => {
    expect((await call('plain', { night: true })).isError).toBe(true);
    asked.length = 0;
    const token = await server.token('', { night: true });
    expect((await post(server.resource, message('tools/list'), { token })).status).toBe(200);
    expect(asked).toEqual([]);
  });
});

test('policies of the options hold for every tool, before all others', async () => {
  const strict = await startProtectedServer({ imports: [OrderModule], options: { access: { policies: [Approved] } } });
  const result = await callTool(strict.resource, await strict.token('orders:read'), 'find', { tenant: 'acme' });
  expect(textOf(result)).toMatch(/^Your manager/);
  expect(asked).toEqual([]);
  await strict.close();
});

describe('the application does not start', () => {
  const bootError = async (policy: unknown) => {
    @Injectable()
    class Tools {
      @McpTool({ description: 'x' })
      @UsePolicy(policy as typeof Approved)
      run(): string {
        return 'ran';
      }
    }
    const started = startProtectedServer({ providers: [Tools] });
    return await started.then(
      async (running) => {
        await running.close();
        throw new Error('It booted');
      },
      (error: unknown) => (error as Error).message,
    );
  };

  test('with a policy whose needs nobody provides', async () => {
    expect(await bootError(SameTenant)).toMatch(/The policy SameTenant of Tools\.run cannot be made: .*Tenants/);
  });

  test('with a class that is no policy', async () => {
    expect(await bootError(Tenants)).toContain('The policy Tenants of Tools.run has no method `permits`');
  });
});
