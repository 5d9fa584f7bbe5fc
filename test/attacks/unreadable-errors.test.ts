import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BadRequestException } from '@nestjs/common';
import { connectInMemory } from 'nestjs-mcp-auth';
import { message, post } from '../support/mcp-request.js';
import type { ProtectedServer } from '../support/protected-server.js';
import { TestApi } from '../support/test-api.js';
import { failing, PLACES, startFailingServer, type FailingPlace } from './failing-server.js';

/** Throws itself, so that whoever looks once more gets the same. */
function fail(): never {
  throw failing.act();
}

const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, fail]));

function createRevoked(): unknown {
  const { proxy, revoke } = Proxy.revocable(new Error('x'), {});
  revoke();
  return proxy;
}

function createCircle(): unknown {
  const error = new Error('x');
  error.cause = new Error('y', { cause: error });
  return error;
}

const THROWN: readonly (readonly [name: string, thrown: () => unknown])[] = [
  ['a message that throws', () => Object.defineProperty(new Error('x'), 'message', { get: fail })],
  ['a stack that throws', () => Object.defineProperty(new Error('x'), 'stack', { get: fail })],
  ['a code that throws', () => Object.defineProperty(new Error('x'), 'code', { get: fail })],
  ['a cause that throws', () => Object.defineProperty(new Error('x'), 'cause', { get: fail })],
  ['a cause that cannot be read', () => new Error('x', { cause: createRevoked() })],
  ['a Proxy', () => new Proxy(new Error('x'), traps)],
  ['a revoked Proxy', createRevoked],
  ['what is made of a Proxy', () => Object.create(new Proxy(Error.prototype, traps) as object)],
  ['an object without a prototype', () => Object.create(null)],
  ['a text that throws', () => ({ toString: fail, toJSON: fail })],
  ['a symbol', () => Symbol('x')],
  ['nothing', () => undefined],
  ['null', () => null],
  ['a message that is no text', () => Object.assign(new Error('x'), { message: { x: 1n }, name: 5, stack: [] })],
  ['causes in a circle', createCircle],
  ['an exception that cannot be told', () => new BadRequestException({ toJSON: fail })],
  ['an exception of no status', () => Object.assign(new BadRequestException('x'), { getStatus: fail })],
];

/** What nobody has caught ends a process. */
const uncaught: unknown[] = [];
const note = (error: unknown) => uncaught.push(error);

let api: TestApi;

beforeAll(async () => {
  api = await TestApi.start();
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
});
afterAll(async () => {
  process.off('unhandledRejection', note);
  process.off('uncaughtException', note);
  await api.close();
});

/** Nest itself looks at what the constructor of a provider throws, in a promise that nobody else can reach. */
function listPlaces(what: string): readonly FailingPlace[] {
  return PLACES.filter(({ place }) => place !== 'a constructor' || !what.includes('Proxy'));
}

function throwIn(place: string, make: () => unknown): void {
  const thrown = make();
  Object.assign(failing, {
    place,
    act: () => {
      throw thrown;
    },
  });
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;
  /** Claims are read once for each token. */
  let reused: string;

  beforeAll(async () => {
    server = await startFailingServer(platform, api.origin);
    reused = await server.token();
  });
  afterAll(async () => {
    failing.place = '';
    await server.close();
  });

  test.each(PLACES)('without a failure in $place ($params.name), there is a result', async ({ method, params }) => {
    failing.place = '';
    const name = String(params.uri ?? params.name ?? '');
    const answer = await post(server.resource, message(method, params), {
      token: reused,
      headers: { 'mcp-name': name },
    });
    expect(answer.status).toBe(200);
  });

  describe.each(THROWN)('%s', (what, make) => {
    test.each(listPlaces(what))(
      'in $place ($params.name) is answered, and ends no process',
      async ({ place, method, params }) => {
        const token = await server.token();
        throwIn(place, make);
        const name = String(params.uri ?? params.name ?? '');
        const answer = await post(server.resource, message(method, params), { token, headers: { 'mcp-name': name } });
        failing.place = '';
        expect([200, 400, 401, 403, 500]).toContain(answer.status);
        expect(await answer.json()).toBeInstanceOf(Object);
        expect(uncaught).toEqual([]);
      },
    );
  });
});

describe('in memory', () => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startFailingServer('express', api.origin);
  });
  afterAll(() => server.close());

  describe.each(THROWN)('%s', (what, make) => {
    test('is answered in all places, and ends no process', async () => {
      const transport = connectInMemory(server.app, { token: await server.token() });
      await transport.start();
      for (const [id, { place, method, params }] of listPlaces(what).entries()) {
        const answer = new Promise((resolve) => {
          transport.onmessage = (told) => {
            if ('id' in told && told.id === id) resolve(told);
          };
        });
        throwIn(place, make);
        await transport.send({ ...message(method, params), id } as never);
        expect(await answer).toMatchObject({ jsonrpc: '2.0', id });
        failing.place = '';
      }
      await transport.close();
      expect(uncaught).toEqual([]);
    });
  });

  test('a token that cannot be given is answered, and ends no process', async () => {
    const transport = connectInMemory(server.app, { token: () => Promise.reject(createRevoked() as Error) });
    await transport.start();
    const answer = new Promise((resolve) => {
      transport.onmessage = resolve;
    });
    await transport.send(message('tools/list') as never);
    expect(await answer).toMatchObject({ error: { code: -32603 } });
    await transport.close();
    expect(uncaught).toEqual([]);
  });
});
