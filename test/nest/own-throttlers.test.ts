import {
  createParamDecorator,
  HttpException,
  Injectable,
  Scope,
  UseGuards,
  type ExecutionContext,
  type Provider,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  SkipThrottle,
  Throttle,
  ThrottlerGuard,
  ThrottlerModule,
  type ThrottlerModuleOptions,
  type ThrottlerRequest,
} from '@nestjs/throttler';
import { describe, expect, test } from '@jest/globals';
import { isMcp, McpPrompt, McpResource, McpTool, type Caller } from 'nestjs-mcp-auth';
import { beginConversation } from '../support/conversation.js';
import { message, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer } from '../support/protected-server.js';

const MINUTE = 60_000;

interface HttpRequest {
  readonly ip: string;
  readonly ips?: readonly string[];
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly user: Caller & { readonly id?: string };
  readonly body: unknown;
}

class ByUser extends ThrottlerGuard {
  protected override getTracker({ user }: HttpRequest & Record<string, unknown>): Promise<string> {
    return Promise.resolve(user.subject);
  }
}

class ByHeader extends ThrottlerGuard {
  protected override getTracker({ headers }: HttpRequest & Record<string, unknown>): Promise<string> {
    return Promise.resolve(String(headers['x-tenant']));
  }
}

/** As in Nest's documentation, for applications behind proxies. */
class BehindProxy extends ThrottlerGuard {
  protected override getTracker({ ips, ip }: HttpRequest & Record<string, unknown>): Promise<string> {
    return Promise.resolve(ips?.[0] ?? ip);
  }
}

class Later extends ThrottlerGuard {
  protected override async getTracker(request: HttpRequest & Record<string, unknown>): Promise<string> {
    const inherited = await super.getTracker(request);
    return await new Promise((resolve) => {
      setImmediate(resolve, `${inherited}-${String(request.user.claims.tenant)}`);
    });
  }
}

/** Looks for what users of the application's routes have, and callers have not. */
class ByMissingId extends ThrottlerGuard {
  protected override getTracker({ user }: HttpRequest & Record<string, unknown>): Promise<string> {
    return Promise.resolve(user.id as string);
  }
}

class Skipping extends ThrottlerGuard {
  protected override shouldSkip(context: ExecutionContext): Promise<boolean> {
    const { headers } = context.switchToHttp().getRequest<HttpRequest>();
    return Promise.resolve(headers['x-tenant'] === 'free');
  }
}

class OneKey extends ThrottlerGuard {
  protected override generateKey(_context: ExecutionContext, tracker: string, name: string): string {
    return `${name}-${tracker}`;
  }
}

class OwnError extends ThrottlerGuard {
  protected override throwThrottlingException(): Promise<void> {
    return Promise.reject(new HttpException('Slow down', 429));
  }
}

class ByPlan extends ThrottlerGuard {
  readonly #limits: Readonly<Record<string, number>> = { gold: 3 };

  protected override async handleRequest(request: ThrottlerRequest): Promise<boolean> {
    const { user } = this.getRequestResponse(request.context).req as unknown as HttpRequest;
    return await super.handleRequest({ ...request, limit: this.#limits[String(user.claims.plan)] ?? request.limit });
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest extends ByHeader {
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    // Nest does not do it for such a guard.
    await this.onModuleInit();
    return await super.canActivate(context);
  }
}

class OnlyHttp extends ByUser {
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    return isMcp(context) || (await super.canActivate(context));
  }
}

const Nothing = createParamDecorator(() => undefined);

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  plain(): string {
    return 'done';
  }

  @McpTool({ description: 'x' })
  other(@Nothing() _nothing: unknown): string {
    return 'done';
  }

  @UseGuards(ByHeader)
  @McpTool({ description: 'x' })
  guarded(): string {
    return 'done';
  }

  @Throttle({ default: { limit: 1, ttl: MINUTE } })
  @McpTool({ description: 'x' })
  throttled(): string {
    return 'done';
  }

  @Throttle({ default: { limit: 1, ttl: MINUTE, getTracker: ({ user }) => (user as Caller).subject } })
  @McpTool({ description: 'x' })
  tracked(): string {
    return 'done';
  }

  @SkipThrottle()
  @McpTool({ description: 'x' })
  skipped(): string {
    return 'done';
  }

  @McpPrompt({ description: 'x' })
  prompt(): string {
    return 'done';
  }

  @McpResource({ uri: 'x://y' })
  resource(): string {
    return 'done';
  }
}

interface Call {
  readonly sub?: string;
  readonly tenant?: string;
  readonly plan?: string;
  /** A tool, or another message. */
  readonly of?: string;
}

const MESSAGES: Readonly<Record<string, Record<string, unknown>>> = {
  prompt: message('prompts/get', { name: 'prompt' }),
  resource: message('resources/read', { uri: 'x://y' }),
};

const by = (useClass: typeof ThrottlerGuard): Provider => ({ provide: APP_GUARD, useClass });
const throttlers = [{ ttl: MINUTE, limit: 2 }];
const ofUsers = ['alice', 'alice', 'alice', 'bob'].map((sub) => ({ sub }));
const ofTenants = ['acme', 'acme', 'acme', 'other'].map((tenant) => ({ tenant }));
const times = (count: number, call: Call): readonly Call[] => Array.from({ length: count }, () => call);
const trackTenant = ({ headers }: Record<string, unknown>) => String((headers as HttpRequest['headers'])['x-tenant']);

const GUARDS: readonly [
  what: string,
  guard: Provider,
  options: ThrottlerModuleOptions,
  calls: readonly Call[],
  statuses: readonly number[],
][] = [
  ['its own tracker, of users', by(ByUser), throttlers, ofUsers, [200, 200, 429, 200]],
  ['its own tracker, of a header', by(ByHeader), throttlers, ofTenants, [200, 200, 429, 200]],
  ['its own tracker, of addresses', by(BehindProxy), throttlers, ofUsers, [200, 200, 429, 429]],
  [
    'its own tracker, which takes time',
    by(Later),
    throttlers,
    [...ofUsers.slice(0, 3), { tenant: 'other' }],
    [200, 200, 429, 200],
  ],
  ['its own tracker, which finds nothing', by(ByMissingId), throttlers, ofUsers, [200, 200, 429, 200]],
  [
    'the tracker of `@nestjs/throttler`, which is the caller',
    by(Skipping),
    throttlers,
    [...ofUsers, { tenant: 'free' }],
    [200, 200, 429, 200, 200],
  ],
  [
    'its own keys',
    by(OneKey),
    throttlers,
    [{ of: 'plain' }, { of: 'other' }, { of: 'prompt' }, { of: 'resource' }, { of: 'plain' }],
    [200, 200, 429, 429, 429],
  ],
  ['its own exception', by(OwnError), throttlers, times(3, {}), [200, 200, 429]],
  [
    'its own limits, and private fields',
    by(ByPlan),
    throttlers,
    [...times(3, {}), ...times(4, { sub: 'rich', plan: 'gold' })],
    [200, 200, 429, 200, 200, 200, 429],
  ],
  ['one guard for each request', by(PerRequest), throttlers, ofTenants, [200, 200, 429, 200]],
  ['a guard that leaves out calls', by(OnlyHttp), throttlers, times(3, {}), [200, 200, 200]],
  [
    'a guard of one method',
    { provide: 'nothing', useValue: undefined },
    throttlers,
    [...ofTenants.map((one) => ({ ...one, of: 'guarded' })), ...ofTenants],
    [200, 200, 429, 200, 200, 200, 429, 429],
  ],
  ['`@Throttle()` of a tool', by(ByUser), throttlers, times(2, { of: 'throttled' }), [200, 429]],
  ...[ByHeader, ThrottlerGuard].map((guard): (typeof GUARDS)[number] => [
    `\`getTracker\` of a tool, and ${guard.name}`,
    by(guard),
    throttlers,
    ['alice', 'alice', 'bob'].map((sub) => ({ sub, of: 'tracked' })),
    [200, 429, 200],
  ]),
  ['`@SkipThrottle()` of a tool', by(ByUser), throttlers, times(3, { of: 'skipped' }), [200, 200, 200]],
  [
    '`skipIf` of the module',
    by(ByUser),
    {
      throttlers,
      skipIf: (context) => context.switchToHttp().getRequest<HttpRequest>().headers['x-tenant'] === 'free',
    },
    [...times(3, { tenant: 'free' }), ...times(3, {})],
    [200, 200, 200, 200, 200, 429],
  ],
  [
    '`generateKey` of the module',
    by(ByUser),
    { throttlers, generateKey: (_context, tracker) => tracker },
    [{ of: 'plain' }, { of: 'other' }, { of: 'plain' }],
    [200, 200, 429],
  ],
  ['`getTracker` of the module', by(ByUser), { throttlers, getTracker: trackTenant }, ofTenants, [200, 200, 429, 200]],
  [
    '`getTracker` of a throttler',
    by(ByUser),
    [{ ttl: MINUTE, limit: 2, getTracker: trackTenant }],
    ofTenants,
    [200, 200, 429, 200],
  ],
  [
    '`getTracker` of the module, and the guard of `@nestjs/throttler`',
    by(ThrottlerGuard),
    { throttlers, getTracker: trackTenant },
    ofTenants,
    [200, 200, 429, 200],
  ],
  [
    '`getTracker` of a throttler that finds nothing, and the guard of `@nestjs/throttler`',
    by(ThrottlerGuard),
    [{ ttl: MINUTE, limit: 2, getTracker: ({ user }) => (user as HttpRequest['user']).id as string }],
    ofUsers,
    [200, 200, 429, 200],
  ],
];

describe.each(['express', 'fastify'] as const)('the throttler of an application on %s', (platform) => {
  test.each(GUARDS)('counts calls with %s', async (_what, guard, options, calls, statuses) => {
    const server = await startProtectedServer({
      platform,
      imports: [ThrottlerModule.forRoot(options)],
      providers: [Tools, guard],
    });
    try {
      const seen: number[] = [];
      for (const { sub = 'alice', tenant = 'acme', plan, of = 'plain' } of calls) {
        const token = await server.token('', { sub, tenant, plan });
        const name = of === 'resource' ? { 'mcp-name': 'x://y' } : {};
        const headers = { 'x-tenant': tenant, ...name };
        const response = await post(server.resource, MESSAGES[of] ?? toolCall(of), { token, headers });
        const text = await response.text();
        seen.push(response.status);
        expect(text).toMatch(response.status === 200 ? /done/ : /Too many|Too Many|Slow down/);
        if (response.status === 429) expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(1);
      }
      expect(seen).toEqual(statuses);
    } finally {
      await server.close();
    }
  });

  test('says in its answer what its guard said, in both eras, and is told to operators', async () => {
    const server = await startProtectedServer({
      platform,
      imports: [ThrottlerModule.forRoot([{ ttl: MINUTE, limit: 1 }])],
      providers: [Tools, by(OwnError)],
    });
    try {
      const token = await server.token();
      const conversation = await beginConversation(server.resource, token);
      await post(server.resource, toolCall('plain'), { token });
      for (const headers of [{}, conversation]) {
        const body = toolCall('plain') as { params: Record<string, unknown> };
        if (headers === conversation) delete body.params._meta;
        const response = await post(server.resource, body, { token, headers });
        expect([response.status, response.headers.get('retry-after'), await response.json()]).toMatchObject([
          429,
          '60',
          { id: 1, error: { message: 'Slow down', data: { reason: 'caller_limit_reached', retryAfterMs: 60_000 } } },
        ]);
      }
      expect(server.log.text).toContain('The guard OwnError of the application denied Tools.plain');
    } finally {
      await server.close();
    }
  });
});
