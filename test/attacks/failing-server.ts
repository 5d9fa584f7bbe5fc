import { randomBytes } from 'node:crypto';
import { Injectable, Scope, UseFilters, UseGuards, UseInterceptors } from '@nestjs/common';
import { ThrottlerModule, ThrottlerStorageService } from '@nestjs/throttler';
import {
  dialects,
  DownstreamClient,
  McpCompletion,
  McpInput,
  McpPrompt,
  McpResource,
  McpResourceList,
  McpResourceTemplate,
  McpTool,
  UsePolicy,
  type Policy,
} from 'nestjs-mcp-auth';
import { z } from 'zod';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import type { Platform } from '../support/test-application.js';

/** What the application's code does in the place that fails now. */
export const failing: { place: string; act: () => unknown } = { place: '', act: () => undefined };

function actIn<Other>(place: string, other: () => Other): Other {
  return failing.place === place ? (failing.act() as Other) : other();
}

@Injectable()
class FailingGuard {
  canActivate(): boolean {
    return actIn('a guard', () => true);
  }
}

@Injectable()
class FailingPipe {
  transform(value: unknown): unknown {
    return actIn('a pipe', () => value);
  }
}

@Injectable()
class FailingInterceptor {
  intercept(_context: unknown, next: { handle: () => never }): never {
    return actIn('an interceptor', () => next.handle());
  }
}

@Injectable()
class FailingFilter {
  catch(): unknown {
    return actIn('a filter', () => undefined);
  }
}

class Broken implements Policy {
  permits(): boolean {
    return actIn('a policy', () => true);
  }
}

@Injectable({ scope: Scope.REQUEST })
class Made {
  constructor() {
    actIn('a constructor', () => undefined);
  }

  @McpTool({ description: 'x' })
  made(): string {
    return 'x';
  }
}

@Injectable()
class Offers {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x' })
  tool(): unknown {
    return actIn('a tool', () => 'x');
  }
  @McpTool({ description: 'x' })
  async *streaming(): AsyncGenerator<unknown> {
    yield await actIn('a stream', () => Promise.resolve('x'));
  }
  @UseGuards(FailingGuard)
  @McpTool({ description: 'x' })
  guarded(): string {
    return 'x';
  }
  @McpTool({ description: 'x', input: z.object({ a: z.string().default('x') }) })
  piped(@McpInput('a', FailingPipe) _a: unknown): string {
    return 'x';
  }
  @UseInterceptors(FailingInterceptor)
  @McpTool({ description: 'x' })
  intercepted(): string {
    return 'x';
  }
  @UseFilters(FailingFilter)
  @McpTool({ description: 'x' })
  filtered(): never {
    throw new Error('x');
  }
  @McpTool({
    description: 'x',
    input: z.object({ a: z.string().transform((value) => actIn('a schema', () => value)) }),
  })
  transformed(): string {
    return 'x';
  }
  @McpTool({ description: 'x', output: z.object({ a: z.string().refine(() => actIn('an output', () => true)) }) })
  checked() {
    return { a: 'x' };
  }
  @UsePolicy(Broken)
  @McpTool({ description: 'x' })
  judged(): string {
    return 'x';
  }
  @McpTool({ description: 'x', input: z.object({}), scopes: () => actIn('a function of scopes', () => []) })
  scoped(): string {
    return 'x';
  }
  @McpTool({ description: 'x', scopes: ['a'] })
  implied(): string {
    return 'x';
  }
  @McpTool({ description: 'x', downstream: ['odd', 'api', 'hooked'], exchange: 'lazy' })
  async odd(): Promise<string> {
    return (await this.downstream.for('odd').fetch('/')).statusText;
  }
  @McpTool({ description: 'x', downstream: 'odd' })
  eager(): string {
    return 'x';
  }
  @McpTool({ description: 'x', downstream: 'api' })
  exchanging(): string {
    return 'x';
  }
  @McpTool({ description: 'x', downstream: 'hooked' })
  async hooked(): Promise<string> {
    return (await this.downstream.fetch('/')).statusText;
  }
  @McpResource({ uri: 'failing://x' })
  resource(): unknown {
    return actIn('a resource', () => 'x');
  }
  @McpResourceTemplate({ uriTemplate: 'failing://of/{id}' })
  template(): unknown {
    return actIn('a template', () => 'x');
  }
  @McpResourceList({ resourceTemplate: 'failing://of/{id}' })
  list() {
    return actIn('a list', () => [{ uri: 'failing://of/x', name: 'x' }]);
  }
  @McpCompletion({ resourceTemplate: 'failing://of/{id}', argument: 'id' })
  complete() {
    return actIn('a completion', () => ['x']);
  }
  @McpPrompt({ description: 'x' })
  prompt(): unknown {
    return actIn('a prompt', () => 'x');
  }
}

export interface FailingPlace {
  readonly place: string;
  readonly method: string;
  readonly params: Record<string, unknown>;
}

const ref = { type: 'ref/resource', uri: 'failing://of/{id}' };

/** Where application code is called, and the message that brings it there. */
export const PLACES: readonly FailingPlace[] = [
  ['a tool', 'tool'],
  ['a stream', 'streaming'],
  ['a guard', 'guarded'],
  ['a pipe', 'piped'],
  ['an interceptor', 'intercepted'],
  ['a filter', 'filtered'],
  ['a constructor', 'made'],
  ['a schema', 'transformed'],
  ['an output', 'checked'],
  ['a policy', 'judged'],
  ['a function of scopes', 'scoped'],
  ['a hierarchy', 'implied'],
  ['scopes of claims', 'tool'],
  ['a client of claims', 'tool'],
  ['appOnly of claims', 'tool'],
  ['validate', 'tool'],
  ['an audit sink', 'tool'],
  ['a dialect', 'eager'],
  ['a dialect, later', 'odd'],
  ['credentials', 'exchanging'],
  ['a store', 'exchanging'],
  ['onRequest', 'hooked'],
  ['onResponse', 'hooked'],
  ['storage of throttlers', 'tool'],
  ['a resource', 'resources/read', { uri: 'failing://x' }],
  ['a template', 'resources/read', { uri: 'failing://of/x' }],
  ['a list', 'resources/list', {}],
  ['a completion', 'completion/complete', { ref, argument: { name: 'id', value: 'x' } }],
  ['a prompt', 'prompts/get', { name: 'prompt', arguments: {} }],
].map((row) => {
  const [place, name, params] = row as [string, string, Record<string, unknown>?];
  return {
    place: place.replace(', later', ''),
    method: params ? name : 'tools/call',
    params: params ?? { name, arguments: name === 'transformed' ? { a: 'x' } : {} },
  };
});

class FailingStorage extends ThrottlerStorageService {
  override increment(...asked: Parameters<ThrottlerStorageService['increment']>) {
    return actIn('storage of throttlers', () => super.increment(...asked));
  }
}

/** A server whose application fails in the place that {@link failing} names. */
export async function startFailingServer(platform: Platform, apiOrigin: string): Promise<ProtectedServer> {
  const store = Object.defineProperty(new MemoryAdapter(), 'fault', {
    get: () => (failing.place === 'a store' ? failing.act : undefined),
  });
  return await startProtectedServer({
    platform,
    providers: [Offers, Made],
    imports: [
      ThrottlerModule.forRoot({ throttlers: [{ limit: 1_000_000, ttl: 1000 }], storage: new FailingStorage() }),
    ],
    trust: {
      claims: {
        scopes: [() => actIn('scopes of claims', () => ['a'])],
        clientId: [() => actIn('a client of claims', () => 'client')],
        appOnly: () => actIn('appOnly of claims', () => false),
      },
      validate: () => actIn('validate', () => true),
    },
    options: {
      limits: { rate: { perCaller: { limit: 1_000_000, ttlMs: 1000 } } },
      observability: { auditSink: { record: () => actIn('an audit sink', () => undefined) } },
      scopes: { hierarchy: () => actIn('a hierarchy', () => []) },
      client: {
        id: 'mcp',
        authentication: (_server, _client, body) => {
          actIn('credentials', () => undefined);
          body.set('client_id', 'mcp');
        },
      },
      replicas: { keys: [randomBytes(32)], store },
      downstreams: {
        api: { baseUrl: apiOrigin, audience: 'api', http: { retries: 0 } },
        odd: {
          baseUrl: apiOrigin,
          audience: 'odd',
          http: { retries: 0 },
          dialect: {
            name: 'odd',
            subject: 'caller',
            grantTypes: [],
            exchange: ({ subjectToken: value }) => {
              const token = { value, type: 'bearer', expiresAtMs: Date.now() + 60_000 } as const;
              return actIn('a dialect', () => Promise.resolve(token as never));
            },
          },
        },
        hooked: {
          baseUrl: apiOrigin,
          dialect: dialects.none(),
          http: {
            retries: 0,
            onRequest: () => actIn('onRequest', () => undefined),
            onResponse: () => actIn('onResponse', () => undefined),
          },
        },
      },
    },
  });
}
