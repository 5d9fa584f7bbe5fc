import { describe, expect, test } from '@jest/globals';
import { message, toolCall } from '../support/mcp-request.js';
import { attackedServers, expectVerdict, type Verdict } from './attacked-server.js';

const servers = attackedServers();

type Row = readonly [name: string, body: unknown, verdict: Verdict];

/** As a caller without the scope `admin`. */
function describeBodies(rows: readonly Row[]): void {
  describe.each(servers)('on %s', (_platform, attacked) => {
    test.each(rows)('%s', async (_name, body, verdict) => {
      const answer = await attacked().post(body, [`Authorization: Bearer ${attacked().forge.token()}`]);
      expectVerdict(answer, verdict);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    });
  });
}

/** Without quotes around it. */
const call = (params: string, rest = ''): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${params},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}${rest}}`;
const named = (name: string) => call(`"name":${name},"arguments":{}`);

describe('members of one name', () => {
  describeBodies([
    [
      'name twice, the second forbidden',
      call('"name":"ping","name":"admin","arguments":{}'),
      [403, 'insufficient_scope'],
    ],
    ['name twice, the first forbidden', call('"name":"admin","name":"ping","arguments":{}'), [400]],
    ['params twice', call('"name":"ping"', ',"params":{"name":"admin","arguments":{}}'), [403, 'insufficient_scope']],
    ['method twice', call('"name":"admin"', ',"method":"tools/list"'), [400]],
    ['method in two cases', call('"name":"admin"', ',"Method":"tools/list"'), [403, 'insufficient_scope']],
    ['name in an escape', named('"\\u0061dmin"'), [403, 'insufficient_scope']],
    [
      'method in an escape',
      '{"jsonrpc":"2.0","id":1,"method":"tools\\u002fcall","params":{"name":"admin"}}',
      [403, 'insufficient_scope'],
    ],
  ]);
});

describe('members of the prototype', () => {
  describeBodies([
    ['in the message', call('"name":"ping","arguments":{}', ',"__proto__":{"polluted":1}'), [400]],
    ['in params', call('"name":"ping","__proto__":{"name":"admin"},"arguments":{}'), [400]],
    ['in arguments', call('"name":"ping","arguments":{"__proto__":{"polluted":1}}'), [400]],
    [
      'by way of the constructor',
      call('"name":"ping","arguments":{"constructor":{"prototype":{"polluted":1}}}'),
      [400],
    ],
    ['a method', message('__proto__'), [404]],
    ['another method', message('constructor'), [404]],
    ['a method of methods', message('hasOwnProperty'), [404]],
  ]);
});

describe('names of tools', () => {
  describeBodies(
    [
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      'admin ',
      ' admin',
      'Admin',
      'ADMIN',
      'admin\u0000',
      'admin\n',
      '../admin',
      'admin/',
      '\uff41dmin',
      '',
      'x'.repeat(50_000),
    ].map((name): Row => [JSON.stringify(name).slice(0, 40), named(JSON.stringify(name)), [400]]),
  );
  describeBodies([
    ['a list', named('["admin"]'), [400]],
    ['a list of two', named('["ping","admin"]'), [400]],
    ['an object', named('{"toString":"admin"}'), [400]],
    ['a number', named('7'), [400]],
    ['null', named('null'), [400]],
    ['missing', call('"arguments":{}'), [400]],
    ['where no method has one', { ...message('tools/list'), name: 'admin' }, [400]],
    ['where this method has none', message('tools/list', { name: 'admin' }), [200]],
  ]);
});

describe('batches', () => {
  const [ping, admin] = [toolCall('ping'), toolCall('admin')];
  describeBodies([
    ['of an allowed and a forbidden call', [ping, admin], [400]],
    ['of a forbidden call', [admin], [400]],
    ['of nothing', [], [400]],
    ['in a batch', [[ping], [admin]], [400]],
    ['of very many', Array.from({ length: 200 }, () => ping), [400]],
    ['of no messages', [1, null, 'x'], [400]],
    ['as an object', { 0: ping, 1: admin, length: 2 }, [400]],
  ]);
});

describe('messages that are odd', () => {
  describeBodies([
    ['of another version of JSON-RPC', { ...toolCall('ping'), jsonrpc: '1.0' }, [400]],
    ['without a version', { ...toolCall('ping'), jsonrpc: undefined }, [400]],
    ['with an object for an id', { ...toolCall('ping'), id: {} }, [400]],
    ['with a list for an id', { ...toolCall('ping'), id: [1] }, [400]],
    ['with null for an id', { ...toolCall('ping'), id: null }, [400]],
    ['without an id', { ...toolCall('admin'), id: undefined }, [403, 'insufficient_scope']],
    ['with a result', { ...toolCall('admin'), result: {} }, [403, 'insufficient_scope']],
    ['with a method in capitals', { ...toolCall('admin'), method: 'TOOLS/CALL' }, [404]],
    ['with a space in the method', { ...toolCall('admin'), method: 'tools/call ' }, [400]],
    ['with a method that is a list', { ...toolCall('admin'), method: ['tools/call'] }, [400]],
    ['with params that are a list', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["admin"]}', [400]],
    ['with params that are text', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":"admin"}', [400]],
    ['with params that are null', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":null}', [400]],
    ['very deep', call(`"name":"ping","arguments":{"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`), [400]],
    ['with a number beyond all numbers', call('"name":"ping","arguments":{"x":1e999}'), [400]],
    ['for a resource that the headers do not name', message('resources/read', { uri: 'file:///etc/passwd' }), [400]],
    ['for a prompt', message('prompts/get', { name: 'admin' }), [404]],
    ['for a task that the headers do not name', message('tasks/get', { taskId: 'x' }), [400]],
  ]);
});

describe('bodies that are no messages', () => {
  describeBodies([
    ['empty', '', [400]],
    ['a word', 'admin', [400]],
    ['half of one', '{"jsonrpc":"2.0"', [400]],
    ['two of them', `${JSON.stringify(toolCall('ping'))}${JSON.stringify(toolCall('admin'))}`, [400]],
    ['with a zero byte', `${JSON.stringify(toolCall('ping'))}\u0000`, [400]],
    ['with a comment', `/**/${JSON.stringify(toolCall('ping'))}`, [400]],
    ['in UTF-16', Buffer.from(JSON.stringify(toolCall('admin')), 'utf16le'), [400]],
    ['bytes', Buffer.from([0xff, 0xfe, 0, 1, 2, 3]), [400]],
    ['markup', '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>', [400]],
    ['a form', 'name=admin', [400]],
    ['larger than may be', JSON.stringify(toolCall('ping', { x: 'x'.repeat(2 ** 20) })), [413]],
  ]);
});
