import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  ForbiddenException,
  Injectable,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { isMcp, McpTool } from 'nestjs-mcp-auth';
import { map, of, throwError } from 'rxjs';
import { z } from 'zod';
import { callTool, textOf } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class OrderTools {
  @McpTool({ description: 'x', output: z.object({ id: z.string() }) })
  find() {
    return { id: '7' };
  }
}

/** Guards in each form that Nest takes. They leave the request of the endpoint alone. */
abstract class Denying implements CanActivate {
  canActivate(context: ExecutionContext) {
    return Denying.active === this.constructor.name && isMcp(context) ? this.deny() : true;
  }
  abstract deny(): ReturnType<CanActivate['canActivate']>;
  static active = '';
}
class FalseGuard extends Denying {
  deny = () => false;
}
class LaterGuard extends Denying {
  deny = () => Promise.resolve(false);
}
class StreamGuard extends Denying {
  deny = () => of(false);
}
class ThrowingGuard extends Denying {
  deny = () => {
    throw new ForbiddenException('Roles are missing\u001b');
  };
}
class RejectingGuard extends Denying {
  deny = () => Promise.reject(new ForbiddenException('Roles are missing'));
}
class ErrorGuard extends Denying {
  deny = () => throwError(() => new ForbiddenException('Roles are missing'));
}

class Timing implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle();
  }
}
class WrapInData implements NestInterceptor {
  static isOn = false;
  intercept(_context: ExecutionContext, next: CallHandler) {
    return next.handle().pipe(map((data: unknown) => (WrapInData.isOn ? { data } : data)));
  }
}
class Logging extends Timing {}

const guards = [FalseGuard, LaterGuard, StreamGuard, ThrowingGuard, RejectingGuard, ErrorGuard];

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      providers: [OrderTools],
      configure: (app) => {
        app.useGlobalGuards(...guards.map((Guard) => new Guard()));
        app.useGlobalInterceptors(new Timing(), new WrapInData(), new Logging());
      },
    });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    Denying.active = '';
    WrapInData.isOn = false;
    server.log.lines.length = 0;
  });

  const call = async () => await callTool(server.resource, await server.token(), 'find');

  test('calls that no guard denies are no line', async () => {
    expect((await call()).structuredContent).toEqual({ id: '7' });
    expect(server.log.text).not.toContain('The guard');
  });

  test('the log names the one interceptor of several that changed the result', async () => {
    WrapInData.isOn = true;
    expect((await call()).isError).toBe(true);
    expect(server.log.text).toContain('an interceptor of the application changed it (WrapInData).');
  });
});

// The log of guards is one for the process, and sums.
describe('a guard of the application that denies a call', () => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({
      providers: [OrderTools],
      configure: (app) => app.useGlobalGuards(...guards.map((Guard) => new Guard())),
    });
  });
  afterAll(() => server.close());

  test.each(guards.map(({ name }) => name))('is named in the log, with the tool, once in a while: %s', async (name) => {
    Denying.active = name;
    server.log.lines.length = 0;
    for (let times = 0; times < 3; times += 1) {
      const denied = await callTool(server.resource, await server.token(), 'find');
      expect(textOf(denied)).toMatch(/^(Forbidden resource|Roles are missing)/);
    }
    const lines = server.log.lines.filter((line) => line.includes('The guard'));
    expect(lines).toEqual([
      expect.stringMatching(`^warn The guard ${name} of the application denied OrderTools.find \\[[\\w-]{36}\\]: it `),
    ]);
    expect(lines.join()).not.toMatch(/\p{Cc}/u);
  });
});
