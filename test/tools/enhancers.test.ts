import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  Controller,
  Injectable,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { McpTool, type McpContext } from 'nestjs-mcp-auth';
import { map, type Observable } from 'rxjs';
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
    return context.getArgByIndex<McpContext>(1).caller?.subject === this.roster.allowed;
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
