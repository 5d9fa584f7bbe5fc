import { createHash, createHmac } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Global, Injectable, Module, type Type } from '@nestjs/common';
import { PassportModule, PassportStrategy } from '@nestjs/passport';
import { Test } from '@nestjs/testing';
import {
  Denial,
  McpAuthModule,
  McpTool,
  UsePolicy,
  type McpAuthModuleOptions,
  type McpContext,
  type Policy,
  type ScopeRule,
} from 'nestjs-mcp-auth';
import { exportJWK, generateKeyPair } from 'jose';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { z } from 'zod';
import { challengeOf } from '../compliance/challenge-parameters.js';
import { takeFailedAnswers } from '../support/failed-answers.js';
import { message, post, toolCall } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startProtectedServer, type ProtectedServer, type ProtectedServerParts } from '../support/protected-server.js';
import { sendJson } from '../support/test-issuer.js';

/** Applications that open a door without wanting to. */

class Nothing {
  @McpTool({ description: 'x' })
  nothing(): string {
    return 'nothing';
  }
}

let server: ProtectedServer;
let ran = 0;

async function start(tools: Type, options: Partial<McpAuthModuleOptions> = {}, rest: ProtectedServerParts = {}) {
  ran = 0;
  server = await startProtectedServer({ providers: [tools], options, ...rest });
}

async function status(tool: string, scope: string, args: Record<string, unknown> = {}): Promise<number> {
  return (await post(server.resource, toolCall(tool, args), { token: await server.token(scope) })).status;
}

afterEach(() => server.close());

test('a strategy of the application, made the default of its PassportModule, does not say who calls', async () => {
  @Injectable()
  class AppStrategy extends PassportStrategy(Strategy, 'app') {
    constructor() {
      super({ jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey: 'x'.repeat(32) });
    }
    validate(claims: object) {
      return { ...claims, claims, scopes: ['admin'], expiresAtMs: Infinity };
    }
  }
  @Global()
  @Module({
    imports: [PassportModule.register({ defaultStrategy: 'app', property: 'account' })],
    providers: [AppStrategy],
    exports: [PassportModule],
  })
  class AuthModule {}
  class Tools {
    @McpTool({ description: 'x', scopes: ['admin'] })
    admin() {
      ran += 1;
      return 'done';
    }
  }
  await start(Tools, {}, { imports: [AuthModule] });
  const claims = Buffer.from(JSON.stringify({ sub: 'mallory', scope: 'admin' })).toString('base64url');
  const header = Buffer.from('{"alg":"HS256"}').toString('base64url');
  const signature = createHmac('sha256', 'x'.repeat(32)).update(`${header}.${claims}`).digest('base64url');
  const forged = await post(server.resource, toolCall('admin'), { token: `${header}.${claims}.${signature}` });
  expect(forged.status).toBe(401);
  expect(ran).toBe(0);
  expect(await status('admin', 'admin')).toBe(200);
});

describe('what is no rule of scopes', () => {
  const odd: [string, unknown][] = [
    ['a word', 'admin'],
    ['a set', new Set(['admin'])],
    ['a rule of another name', { oneOf: ['admin'] }],
    ['a choice of nothing', { anyOf: [] }],
    ['a list of lists', [['admin']]],
    ['nothing', null],
    ['a promise', Promise.resolve(['admin'])],
  ];

  test.each(odd)('%s, from a function: nothing runs', async (_name, rule) => {
    class Tools {
      @McpTool({ description: 'x', input: z.object({}), scopes: () => rule as ScopeRule })
      careless() {
        ran += 1;
        return 'done';
      }
    }
    await start(Tools);
    expect(await status('careless', 'nothing')).toBe(500);
    expect(takeFailedAnswers()).toEqual(['POST /mcp 500']);
    expect(ran).toBe(0);
  });

  test.each(odd.filter(([, rule]) => rule !== null))(
    '%s, as it stands: the application does not start',
    async (_name, rule) => {
      class Tools {
        @McpTool({ description: 'x', scopes: rule as ScopeRule })
        careless() {
          return 'done';
        }
      }
      const options = optionsFor('https://mcp.example.com', 'https://id.example.com');
      const testing = Test.createTestingModule({ imports: [McpAuthModule.forRoot(options)], providers: [Tools] });
      const app = (await testing.setLogger(false as never).compile()).createNestApplication();
      await expect(app.init()).rejects.toThrow(
        /`scopes` of @McpTool on Tools\.careless is neither|has an empty `anyOf`/,
      );
      await start(Nothing);
    },
  );
});

describe('policies', () => {
  class Everyone implements Policy {
    permits() {
      return true as const;
    }
  }
  class Nobody implements Policy {
    permits() {
      return new Denial('Nobody may.');
    }
  }
  @UsePolicy(Nobody)
  class Base {}
  @UsePolicy(Everyone)
  class OnTheClass extends Base {
    @McpTool({ description: 'x' })
    careless() {
      ran += 1;
      return 'done';
    }
  }
  class OnTheMethod {
    @UsePolicy(Everyone)
    @UsePolicy(Nobody)
    @McpTool({ description: 'x' })
    careless() {
      ran += 1;
      return 'done';
    }
  }
  class OnTheMethodTheOtherWay {
    @UsePolicy(Nobody)
    @UsePolicy(Everyone)
    @McpTool({ description: 'x' })
    careless() {
      ran += 1;
      return 'done';
    }
  }

  test.each([OnTheClass, OnTheMethod, OnTheMethodTheOtherWay])('add up: %p', async (tools) => {
    await start(tools);
    expect(await status('careless', '')).toBe(200);
    expect(ran).toBe(0);
  });
});

test('a tool cannot give its caller scopes for the next request', async () => {
  class Tools {
    @McpTool({ description: 'x' })
    careless(_input: unknown, { caller }: McpContext) {
      (caller?.scopes as string[]).push('admin');
      return 'done';
    }
    @McpTool({ description: 'x', scopes: ['admin'] })
    admin() {
      ran += 1;
      return 'done';
    }
  }
  await start(Tools);
  const token = await server.token();
  for (const tool of ['careless', 'admin', 'admin']) await post(server.resource, toolCall(tool), { token });
  expect(ran).toBe(0);
});

test('a body that is too deep to write out is refused', async () => {
  await start(Nothing);
  const body = `{"a":${'['.repeat(40_000)}${']'.repeat(40_000)}}`;
  const response = await fetch(server.resource, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: new Blob([body]).stream(),
    duplex: 'half',
  } as RequestInit);
  expect([400, 413]).toContain(response.status);
});

test('a key with which anyone can sign is passed over', async () => {
  await start(Nothing);
  const [weak, other] = await Promise.all(
    ['RS256', 'RS256'].map(async (alg) => await exportJWK((await generateKeyPair(alg)).publicKey)),
  );
  server.issuer.answers.set('/jwks', (_request, response) => {
    sendJson(response, 200, {
      keys: [
        { ...weak, e: 'AQ', kid: 'one' },
        { ...other, kid: 'two' },
      ],
    });
  });
  const key = await server.issuer.addKey('RS256', 'one');
  const [header, claims] = (await server.issuer.token({ aud: server.resource }, {}, key)).split('.');
  const token = `${header}.${claims}.${padHash(`${header}.${claims}`).toString('base64url')}`;
  expect((await post(server.resource, message('tools/list'), { token })).status).toBe(401);
});

/** What a key of 2,048 bits signs for RS256 (RFC 8017 section 9.2). With an exponent of 1, it is the signature, too. */
function padHash(input: string): Buffer {
  const algorithm = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const digest = Buffer.concat([algorithm, createHash('sha256').update(input).digest()]);
  return Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(253 - digest.length, 0xff), Buffer.from([0]), digest]);
}

test('what a function of the application throws is not told to the client', async () => {
  class Tools {
    @McpTool({ description: 'x', scopes: ['a'] })
    find() {
      return 'found';
    }
  }
  const scopeHierarchy = (): never => {
    throw new Error('connect ECONNREFUSED password=hunter2');
  };
  await start(Tools, { lists: { show: 'permitted' }, scopes: { hierarchy: scopeHierarchy } });
  const response = await post(server.resource, message('tools/list'), { token: await server.token('b') });
  expect(await response.text()).not.toContain('hunter2');
});

test('a transform that throws is told as wrong arguments', async () => {
  class Tools {
    @McpTool({
      description: 'x',
      input: z.object({ filter: z.string().transform((text) => JSON.parse(text) as unknown) }),
    })
    find() {
      ran += 1;
      return 'found';
    }
  }
  await start(Tools);
  expect(await status('find', '', { filter: '{' })).toBe(200);
  expect(ran).toBe(0);
});

test('a challenge is no longer than clients can read', async () => {
  class Tools {
    @McpTool({
      description: 'x',
      input: z.object({ regions: z.array(z.string()) }),
      scopes: ({ regions }) => ['base', ...regions],
    })
    find() {
      return 'found';
    }
  }
  await start(Tools);
  const regions = Array.from({ length: 2_000 }, (_, index) => `region:${index}`);
  const response = await post(server.resource, toolCall('find', { regions }), { token: await server.token() });
  expect(response.status).toBe(403);
  expect(challengeOf(response).scope).toMatch(/^base region:0 /);
  expect(challengeOf(response).scope?.length).toBeLessThanOrEqual(2_000);
});

test('a caller with very many scopes still has what they imply', async () => {
  class Tools {
    @McpTool({ description: 'x', scopes: ['read'] })
    find() {
      return 'found';
    }
  }
  await start(Tools, { scopes: { hierarchy: { admin: ['read'] } } });
  const others = Array.from({ length: 1_000 }, (_, index) => `s${index}`).join(' ');
  expect(await status('find', `${others} admin`)).toBe(200);
});
