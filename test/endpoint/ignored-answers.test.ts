import { createServer, request as send, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ignoreAnswers, ignoreLateHeaders } from '../../lib/entry/endpoint/ignored-answers.js';
import type { PlatformResponse } from '../../lib/entry/endpoint/node-request.js';

const taken = Symbol('taken');

/** A response as a framework extends it: by a prototype of its own, as Express does. */
class Extended {
  static of(response: ServerResponse): PlatformResponse & Extended {
    const prototype = Object.create(Object.getPrototypeOf(response) as object) as object;
    Object.defineProperties(prototype, Object.getOwnPropertyDescriptors(Extended.prototype));
    return Object.setPrototypeOf(response, prototype) as PlatformResponse & Extended;
  }

  send(this: ServerResponse): unknown {
    return this.end('sent');
  }

  status(this: ServerResponse): unknown {
    this.statusCode = 418;
    return this;
  }

  other(): unknown {
    return taken;
  }
}

describe('a response that the endpoint answers', () => {
  const server = createServer();
  let port: number;
  let serve: (response: ServerResponse) => void;

  beforeAll(async () => {
    server.on('request', (_request, response) => {
      serve(response);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => {
    server.close();
  });

  async function get(handler: (response: ServerResponse) => void): Promise<{ status: number; body: string }> {
    let failure: unknown;
    serve = (response) => {
      try {
        handler(response);
      } catch (error) {
        failure = error;
        response.destroy();
      }
    };
    const [answer] = (await once(send({ port }).end(), 'response').catch(() => {
      throw failure;
    })) as [import('node:http').IncomingMessage];
    return { status: answer.statusCode ?? 0, body: (await answer.toArray()).join('') };
  }

  test.each([1, 2])('drops what others answer, and keeps all else, if told %d times', async (times) => {
    const { status, body } = await get((raw) => {
      const response = Extended.of(raw);
      for (let time = 0; time < times; time += 1) {
        ignoreAnswers(response);
        ignoreLateHeaders(response);
      }
      const depth = countPrototypes(response);
      ignoreAnswers(response);
      ignoreLateHeaders(response);
      expect(countPrototypes(response)).toBe(depth);
      expect([response.send(), response.status(), response.other()]).toEqual([response, response, taken]);
      response.setHeader('x-early', '1');
      response.writeHead(200).end('ours');
      for (const set of ['setHeader', 'appendHeader'] as const) expect(response[set]('x-late', '1')).toBe(response);
      expect(response.removeHeader('x-early')).toBe(response);
      expect(response.setHeaders(new Map([['x-late', '1']]))).toBe(response);
      expect(response.getHeader('x-early')).toBe('1');
      expect(response.getHeader('x-late')).toBeUndefined();
    });
    expect([status, body]).toEqual([200, 'ours']);
  });

  test('drops what methods of its own answer, which a middleware has put on it', async () => {
    const set: unknown[] = [];
    const { status, body } = await get((raw) => {
      const response = Extended.of(raw);
      const { setHeader } = response;
      Object.assign(response, {
        send: () => response.end('own'),
        setHeader(this: ServerResponse, name: string, value: string) {
          set.push(name);
          return setHeader.call(this, name, value);
        },
      });
      ignoreAnswers(response);
      ignoreLateHeaders(response);
      expect(response.send()).toBe(response);
      response.setHeader('x-early', '1');
      response.end('ours');
      expect(response.setHeader('x-late', '1')).toBe(response);
    });
    expect([status, body, set]).toEqual([200, 'ours', ['x-early']]);
  });

  test('is the only one that changes', async () => {
    const answers = await get((raw) => {
      ignoreAnswers(Extended.of(raw));
      raw.end('first');
    });
    const next = await get((raw) => {
      Extended.of(raw).send();
    });
    expect([answers.body, next.body]).toEqual(['first', 'sent']);
  });
});

function countPrototypes(target: object): number {
  let count = 0;
  for (let one: unknown = target; one; one = Object.getPrototypeOf(one)) count += 1;
  return count;
}
