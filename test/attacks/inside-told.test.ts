import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable, InternalServerErrorException } from '@nestjs/common';
import {
  clientSecretBasic,
  connectInMemory,
  DownstreamClient,
  McpCompletion,
  McpPrompt,
  McpResource,
  McpResourceList,
  McpResourceTemplate,
  McpTool,
  UsePolicy,
  type Policy,
} from 'nestjs-mcp-auth';
import { z } from 'zod';
import { message, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { TestApi } from '../support/test-api.js';
import { sendJson } from '../support/test-issuer.js';

/** What a failure says is for operators: messages of unknown errors, stacks, classes, hosts inside. */
const INSIDE = 'db.internal password=hunter2';

class ConnectionLostError extends Error {
  readonly code = 'ECONN_INSIDE';
}

const THROWN: readonly (readonly [name: string, thrown: () => unknown])[] = [
  ['an error', () => new Error(INSIDE)],
  ['an error of a class', () => new ConnectionLostError(INSIDE)],
  ['an error with a cause', () => new Error('outer', { cause: new Error(INSIDE) })],
  ['several errors', () => new AggregateError([new Error(INSIDE)], INSIDE)],
  ['an exception of 500', () => new InternalServerErrorException(INSIDE)],
  ['an exception of 500 with a body', () => new InternalServerErrorException({ message: INSIDE, error: INSIDE })],
  ['a text', () => INSIDE],
  ['an object', () => ({ message: INSIDE, stack: INSIDE })],
  ['nothing', () => undefined],
  ['an error that cannot be read', () => Object.defineProperty(new Error('x'), 'message', { get: fail })],
];

let thrown: () => unknown = () => undefined;

function fail(): never {
  throw thrown();
}

class Broken implements Policy {
  permits(): never {
    return fail();
  }
}

@Injectable()
class Offers {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x' })
  tool(): never {
    return fail();
  }
  @McpTool({ description: 'x', input: z.object({ a: z.string().transform(() => fail()) }) })
  transformed(): string {
    return 'x';
  }
  @McpTool({ description: 'x', output: z.object({ a: z.literal('x', { error: INSIDE }) }) })
  odd() {
    return { a: INSIDE as 'x' };
  }
  @UsePolicy(Broken)
  @McpTool({ description: 'x' })
  judged(): string {
    return 'x';
  }
  @McpTool({ description: 'x', input: z.object({}), scopes: () => fail() })
  scoped(): string {
    return 'x';
  }
  @McpTool({ description: 'x', downstream: 'api' })
  async call() {
    return await this.downstream.json('/orders/7?secret=hunter2');
  }
  @McpTool({ description: 'x', downstream: 'nowhere' })
  async lost() {
    return await this.downstream.json('/orders');
  }
  @McpResource({ uri: 'failing://x' })
  resource(): never {
    return fail();
  }
  @McpResourceTemplate({ uriTemplate: 'failing://of/{id}' })
  template(): never {
    return fail();
  }
  @McpResourceList({ resourceTemplate: 'failing://of/{id}' })
  list(): never {
    return fail();
  }
  @McpCompletion({ resourceTemplate: 'failing://of/{id}', argument: 'id' })
  complete(): never {
    return fail();
  }
  @McpPrompt({ description: 'x' })
  prompt(): never {
    return fail();
  }
}

const ref = { type: 'ref/resource', uri: 'failing://of/{id}' };

const PLACES: readonly (readonly [name: string, method: string, params: Record<string, unknown>])[] = [
  ['a tool', 'tools/call', { name: 'tool', arguments: {} }],
  ['a schema', 'tools/call', { name: 'transformed', arguments: { a: 'x' } }],
  ['a policy', 'tools/call', { name: 'judged', arguments: {} }],
  ['a function of scopes', 'tools/call', { name: 'scoped', arguments: {} }],
  ['a resource', 'resources/read', { uri: 'failing://x' }],
  ['a template', 'resources/read', { uri: 'failing://of/x' }],
  ['a list', 'resources/list', {}],
  ['a completion', 'completion/complete', { ref, argument: { name: 'id', value: 'x' } }],
  ['a prompt', 'prompts/get', { name: 'prompt', arguments: {} }],
];

function expectNothingOfTheInside(text: string): void {
  expect(text).not.toMatch(/hunter2|internal password|ECONN|ConnectionLost|node_modules|\.ts:\d|\.js:\d|\bat \w+ \(/);
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let api: TestApi;
  let server: ProtectedServer;

  beforeAll(async () => {
    api = await TestApi.start();
    server = await startProtectedServer({
      platform,
      providers: [Offers],
      options: {
        client: { id: 'mcp', authentication: clientSecretBasic('s3cret') },
        downstreams: {
          api: { baseUrl: api.origin, audience: 'api', http: { retries: 0 } },
          nowhere: { baseUrl: 'http://127.0.0.1:1', audience: 'nowhere', http: { retries: 0 } },
        },
      },
    });
  });
  afterAll(async () => {
    await server.close();
    await api.close();
  });

  describe.each(THROWN)('%s', (_what, make) => {
    test.each(PLACES)('that %s throws is not told', async (_name, method, params) => {
      thrown = make;
      const name = String(params.uri ?? params.name ?? '');
      const token = await server.token();
      const modern = await post(server.resource, message(method, params), { token, headers: { 'mcp-name': name } });
      expectNothingOfTheInside(await modern.text());
      const legacy = { jsonrpc: '2.0', id: 1, method, params };
      const headers = { 'mcp-protocol-version': '2025-11-25' };
      expectNothingOfTheInside(await (await post(server.resource, legacy, { token, headers })).text());
    });
  });

  test.each([401, 403, 404, 409, 429, 500, 503])('what an API answers with %i is not told', async (status) => {
    api.answers.set('/orders/7?secret=hunter2', (_request, response) => {
      response.setHeader('WWW-Authenticate', `Bearer error="insufficient_scope", error_description="${INSIDE}"`);
      sendJson(response, status, { message: INSIDE, stack: INSIDE });
    });
    const text = await (await post(server.resource, toolCall('call'), { token: await server.token() })).text();
    expectNothingOfTheInside(text);
    expect(text).not.toContain(new URL(api.origin).host);
  });

  test('an API that is not there is not named by its host', async () => {
    const text = await (await post(server.resource, toolCall('lost'), { token: await server.token() })).text();
    expectNothingOfTheInside(text);
    expect(text).not.toContain('127.0.0.1:1');
  });

  test('a value that the schema of the output refuses is not told', async () => {
    const answer = await post(server.resource, toolCall('odd'), { token: await server.token() });
    expectNothingOfTheInside(await answer.text());
  });

  test.each(['/token', '/jwks'])('what the issuer says at %s is not told', async (path) => {
    const lonely = await startProtectedServer({
      platform,
      providers: [Offers],
      options: {
        client: { id: 'mcp', authentication: clientSecretBasic('s3cret') },
        downstreams: {
          api: { baseUrl: api.origin, audience: 'api' },
          nowhere: { baseUrl: api.origin, audience: 'x' },
        },
      },
    });
    lonely.issuer.answers.set(path, (_request, response) => {
      sendJson(response, 400, { error: 'invalid_client', error_description: INSIDE });
    });
    const text = await (await post(lonely.resource, toolCall('call'), { token: await lonely.token() })).text();
    await lonely.close();
    expectNothingOfTheInside(text);
    expect(text).not.toContain(new URL(lonely.issuer.issuer).host);
  });
});

test.each(THROWN.filter(([name]) => name !== 'nothing'))(
  'in memory, %s that a tool throws is not told',
  async (_name, make) => {
    const server = await startProtectedServer({
      providers: [Offers],
      options: {
        client: { id: 'mcp', authentication: clientSecretBasic('s3cret') },
        downstreams: {
          api: { baseUrl: 'http://127.0.0.1:1', audience: 'api' },
          nowhere: { baseUrl: 'http://127.0.0.1:1', audience: 'x' },
        },
      },
    });
    thrown = make;
    const transport = connectInMemory(server.app, { token: await server.token() });
    const answer = new Promise((resolve) => {
      transport.onmessage = resolve;
    });
    await transport.start();
    await transport.send(toolCall('tool') as never);
    const told = JSON.stringify(await answer);
    await transport.close();
    await server.close();
    expectNothingOfTheInside(told);
  },
);
