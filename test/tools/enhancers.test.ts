import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  Controller,
  Injectable,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  Module,
  Scope,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { McpTool, type McpContext } from 'nestjs-mcp-auth';
import { map, type Observable } from 'rxjs';
import { z } from 'zod';
import { callTool, textOf } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Roster {
  readonly allowed = 'alice';
}

@Injectable()
class OnlyAlice implements CanActivate {
  constructor(private readonly roster: Roster) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType<string>() !== 'mcp') return true;
    return context.getArgByIndex<McpContext>(0).caller?.subject === this.roster.allowed;
  }
}

@Injectable()
class Loud implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler<string>): Observable<string> {
    return next.handle().pipe(map((value) => `${value}!`));
  }
}

@Injectable()
class GlobalGuard implements CanActivate {
  static readonly seen: string[] = [];

  canActivate(context: ExecutionContext): boolean {
    GlobalGuard.seen.push(`${context.getType<string>()} ${context.getHandler().name}`);
    return true;
  }
}

@Injectable()
class GlobalInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return context.getType<string>() === 'mcp'
      ? next.handle().pipe(map((value) => `${String(value)}?`))
      : next.handle();
  }
}

@Injectable()
@UseInterceptors(Loud)
class Tools {
  @McpTool({ description: 'x' })
  @UseGuards(OnlyAlice)
  guarded(): string {
    return 'guarded';
  }

  @McpTool({ description: 'x' })
  free(): string {
    return 'free';
  }
}

@Controller('guarded')
@UseGuards(OnlyAlice)
class GuardedController {
  @McpTool({ description: 'x' })
  on_controller(): string {
    return 'on a controller';
  }
}

describe('what applies to a method in Nest applies to it as a tool', () => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({
      providers: [
        Roster,
        Tools,
        { provide: APP_GUARD, useClass: GlobalGuard },
        { provide: APP_INTERCEPTOR, useClass: GlobalInterceptor },
      ],
      controllers: [GuardedController],
    });
  });
  afterAll(() => server.close());

  const callAs = async (subject: string, tool: string) =>
    await callTool(server.resource, await server.token('', { sub: subject }), tool);

  test.each(['guarded', 'on_controller'])('guards, with what they inject: %s', async (tool) => {
    expect((await callAs('alice', tool)).isError).toBeUndefined();
    const denied = await callAs('bob', tool);
    expect(denied.isError).toBe(true);
    expect(textOf(denied)).toBe('Forbidden resource');
  });

  test('interceptors of the class and global ones', async () => {
    expect(textOf(await callAs('bob', 'free'))).toBe('free!?');
  });

  test('global guards, told that it is a tool', async () => {
    await callAs('bob', 'free');
    expect(GlobalGuard.seen).toContain('mcp free');
  });
});

describe('a guard is never skipped', () => {
  @Injectable()
  class Deny implements CanActivate {
    private readonly denied = 'mcp';

    canActivate(context: ExecutionContext): boolean {
      return context.getType<string>() !== this.denied;
    }
  }

  @Injectable()
  class Plain {
    @McpTool({ description: 'x' })
    plain(): string {
      return 'ran';
    }
  }

  @UseGuards(Deny)
  class Guarded {
    @McpTool({ description: 'x' })
    guarded_tool(): string {
      return 'ran';
    }
  }

  test.each([
    ['request-scoped', Scope.REQUEST],
    ['transient', Scope.TRANSIENT],
  ])('not a global one that is %s', async (_name, scope) => {
    const server = await startProtectedServer({ providers: [Plain, { provide: APP_GUARD, useClass: Deny, scope }] });
    expect(textOf(await callTool(server.resource, await server.token(), 'plain'))).toBe('Forbidden resource');
    await server.close();
  });

  test.each([
    ['useFactory', { provide: 'guarded', useFactory: () => new Guarded() }],
    ['useValue', { provide: Guarded, useValue: new Guarded() }],
  ])('not on what %s provides, where Nest would: it does not start', async (_name, provider) => {
    await expect(startProtectedServer({ providers: [provider] })).rejects.toThrow(
      /Guarded\.guarded_tool is behind Deny, which Nest skips .* Provide the class itself/,
    );
  });

  test('not a global one that is request-scoped, on what useFactory provides: it does not start', async () => {
    const providers = [
      { provide: 'plain', useFactory: () => new Plain() },
      { provide: APP_GUARD, useClass: Deny, scope: Scope.REQUEST },
    ];
    await expect(startProtectedServer({ providers })).rejects.toThrow(/Plain\.plain is behind Deny, which Nest skips/);
  });

  test('not fooled by arguments that look like an HTTP request', async () => {
    class Roles implements CanActivate {
      canActivate(context: ExecutionContext): boolean {
        const { user } = context.switchToHttp().getRequest<{ user?: { role: string } }>();
        return user?.role === 'admin';
      }
    }
    @Injectable()
    class AdminTools {
      @UseGuards(Roles)
      @McpTool({ description: 'x', input: z.object({ user: z.object({ role: z.string() }) }) })
      invite(): string {
        return 'ran';
      }
    }
    const server = await startProtectedServer({ providers: [AdminTools] });
    const result = await callTool(server.resource, await server.token(), 'invite', { user: { role: 'admin' } });
    await server.close();
    expect(textOf(result)).toBe('Forbidden resource');
  });

  test('and a tool runs in its own module, though another has the same token for another class', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class AdminTools {
      @McpTool({ name: 'admin', description: 'x', scopes: ['admin'] })
      run(): string {
        return 'for admins';
      }
    }
    @Injectable({ scope: Scope.REQUEST })
    class UserTools {
      @McpTool({ name: 'user', description: 'x' })
      run(): string {
        return 'for users';
      }
    }
    @Module({ providers: [{ provide: 'TOOLS', useClass: AdminTools, scope: Scope.REQUEST }] })
    class AdminModule {}
    @Module({ providers: [{ provide: 'TOOLS', useClass: UserTools, scope: Scope.REQUEST }] })
    class UserModule {}
    const server = await startProtectedServer({ imports: [AdminModule, UserModule] });
    expect(textOf(await callTool(server.resource, await server.token(), 'user'))).toBe('for users');
    expect(textOf(await callTool(server.resource, await server.token('admin'), 'admin'))).toBe('for admins');
    await server.close();
  });
});

test('pipes get the input, after it was validated, and nothing else', async () => {
  const seen: unknown[] = [];
  const server = await startProtectedServer({
    providers: [Tools, Roster],
    configure: (app) => {
      app.useGlobalPipes({
        transform: (value: unknown) => {
          seen.push(value);
          return value;
        },
      });
    },
  });
  await callTool(server.resource, await server.token(), 'free');
  await server.close();
  expect(seen).toEqual([{}]);
});
