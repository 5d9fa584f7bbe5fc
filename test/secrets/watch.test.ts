import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Injectable, Logger } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import { McpTool, type AuditEvent, type McpContext } from 'nestjs-mcp-auth';
import { AuditLog } from '../../lib/observability/audit-log.js';
import { callTool } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { forgetSecrets, leaks } from '../support/secret-watch.js';

type Leak = (token: string, app: ProtectedServer['app']) => unknown;

let leak: Leak;
let server: ProtectedServer;

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  careless(_input: unknown, { caller }: McpContext): string {
    return String(leak(caller?.token.reveal() ?? '', server.app));
  }
}

beforeEach(async () => {
  server = await startProtectedServer({ providers: [Tools] });
});
afterEach(async () => {
  await server.close();
  jest.restoreAllMocks();
  // Each leak was made on purpose, and has been found.
  forgetSecrets();
});

test('a tool that tells nothing is not accused', async () => {
  leak = () => 'nothing';
  await callTool(server.resource, await server.token(), 'careless');
  expect(leaks()).toEqual([]);
});

describe('a token is found', () => {
  test.each<[string, string, Leak]>([
    ['in a result', 'answer', (token) => token],
    ['in a result, cut short', 'answer', (token) => token.split('.').at(-1)?.slice(0, 25)],
    [
      'in the log',
      'log',
      (token) => {
        new Logger().debug(`token ${token}`);
      },
    ],
    [
      'in an object in the log',
      'log',
      (token) => {
        new Logger().log({ nested: { token } });
      },
    ],
    [
      'in an error of a tool',
      'log',
      (token) => {
        throw new Error(token);
      },
    ],
    ['in a span', 'span', (token) => typeof trace.getTracer('x').startSpan('x').setAttribute('a', token)],
    ['in an event of a span', 'span', (token) => typeof trace.getTracer('x').startSpan('x').addEvent('a', { token })],
    ['in the name of a span', 'span', (token) => typeof trace.getTracer('x').startSpan(token)],
    [
      'in an audit event',
      'event',
      (type, app) => {
        app.get(AuditLog, { strict: false }).record({ type } as unknown as AuditEvent);
      },
    ],
    [
      'on the console',
      'console',
      (token) => {
        jest.spyOn(process.stderr, 'write').mockReturnValue(true);
        console.warn(token);
      },
    ],
  ])('%s', async (_name, where, careless) => {
    leak = careless;
    const token = await server.token();
    await callTool(server.resource, token, 'careless');
    expect(leaks()).toContain(`${where}: ${token.split('.').at(-1)?.slice(0, 20)}`);
  });
});
