import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpResource, McpResourceTemplate } from 'nestjs-mcp-auth';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const read: string[] = [];

@Injectable()
class Documents {
  @McpResource({ uri: 'orders://secret', scopes: ['admin'] })
  secretOrder() {
    read.push('secret order');
  }
  @McpResourceTemplate({ uriTemplate: 'orders://{id}', scopes: ['read'] })
  order({ id }: { id: string }) {
    read.push(`order ${id}`);
  }
  @McpResourceTemplate({ uriTemplate: 'files://admin/{name}', scopes: ['admin'] })
  ofAdmin({ name }: { name: string }) {
    read.push(`admin ${name}`);
  }
  @McpResourceTemplate({ uriTemplate: 'files://{+path}', scopes: ['read'] })
  file({ path }: { path: string }) {
    read.push(`file ${path}`);
  }
  @McpResourceTemplate({ uriTemplate: 'users://{name}', scopes: ['read'] })
  user({ name }: { name: string }) {
    read.push(`user ${name}`);
  }
  @McpResourceTemplate({ uriTemplate: 'users://root/{+rest}', scopes: ['admin'] })
  rootUser({ rest }: { rest: string }) {
    read.push(`root ${rest}`);
  }
  @McpResourceTemplate({ uriTemplate: 'http://host.example/open/{+path}', scopes: ['read'] })
  openPage({ path }: { path: string }) {
    read.push(`open ${path}`);
  }
  @McpResourceTemplate({ uriTemplate: 'http://{+any}', scopes: ['read'] })
  anyPage({ any }: { any: string }) {
    read.push(`page ${any}`);
  }
  @McpResourceTemplate({ uriTemplate: 'http://host.example/closed/{+path}', scopes: ['admin'] })
  closedPage({ path }: { path: string }) {
    read.push(`closed ${path}`);
  }
}

/** Spellings of what takes `admin`, which match what takes `read`, or nothing. */
const SPELLINGS: readonly string[] = [
  // Escapes
  'orders://%73ecret',
  'orders://secre%74',
  'orders://%73%65%63%72%65%74',
  'orders://%2573ecret',
  'orders://%252573ecret',
  'orders://%25252573ecret',
  'orders://%c3%a9',
  'orders://%EF%BD%93ecret',
  'orders://secret%00',
  'orders://secret%20',
  'orders://secret%0A',
  'orders://%09secret',
  'orders://%ff',
  'orders://%ED%A0%80',
  'orders://%',
  'orders://%5',
  // Case
  'orders://SECRET',
  'orders://Secret',
  'ORDERS://secret',
  // What URL leaves out
  'orders://user@secret',
  'orders://user:password@secret',
  'orders://secret:80',
  'orders://secret:',
  'orders://secret?',
  'orders://secret#',
  'orders://secret?x=1',
  'orders://secret%3Fx',
  'orders://secret%23x',
  'orders://secret.',
  'orders://sec\tret',
  'orders://sec\nret',
  ' orders://secret',
  'orders://secret ',
  'orders://ｓecret',
  // Segments
  'files://admin%2Fx',
  'files://admin%2fx',
  'files://admin%252Fx',
  'files://admin//x',
  'files:///admin/x',
  'files:////admin/x',
  'files://admin/x/',
  'files://admin/x//',
  'files://admin/./x',
  'files://./admin/x',
  'files://admin/%2e/x',
  'files://admin/%2E/x',
  'files://admin/.%2E/admin/x',
  'files://y/../admin/x',
  'files://y/..%2Fadmin/x',
  'files://y/%2E%2E/admin/x',
  'files://y%2F..%2Fadmin%2Fx',
  'files://y?/../admin/x',
  'files://admin\\x',
  'files://admin%5Cx',
  'files://admin%5cx',
  'files://admin/x%20/',
  'files://admin./x',
  'files://admin%20/x',
  'files://admin/.../x',
  'files://ADMIN/x',
  'files://Admin/x',
  'files://%41dmin/x',
  'files://admin%EF%BC%8Fx',
  'files://%EF%BC%A1dmin/x',
  'files://admin/x?y/z',
  'files://admin/x#y/z',
  'files://u@admin/x',
  'files://u:p@admin:8080/x',
  'users://root%2Fx',
  'users://ROOT%2Fx',
  'users://root%252Fx',
  // Hosts of http
  'http://host.example:80/closed/x',
  'http://HOST.example/closed/x',
  'http://host.example./closed/x',
  'http://u@host.example/closed/x',
  'http:/host.example/closed/x',
  'http:\\\\host.example\\closed\\x',
  'http://%68ost.example/closed/x',
  'http://ho%E2%80%8Bst.example/closed/x',
  'http://host.example/open/../closed/x',
  'http://host.example/open/%2e%2e/closed/x',
  'http://host.example//closed/x',
  'http://host.example/closed;/../closed/x',
];

/** What is canonical, and what comes of it. */
const GOOD: readonly (readonly [uri: string, scope: string, read: string])[] = [
  ['orders://7', 'read', 'order 7'],
  ['orders://secret', 'admin', 'secret order'],
  ['orders://secret-7', 'read', 'order secret-7'],
  ['orders://caf%C3%A9%20au%20lait', 'read', 'order café au lait'],
  ['orders://100%25', 'read', 'order 100%'],
  ['orders://a%2Fb', 'read', 'order a/b'],
  ['orders://a@b.example', 'read', 'order a@b.example'],
  ['orders://it%27s', 'read', "order it's"],
  ["orders://it's", 'read', "order it's"],
  ['files://docs/2026/a.b.txt', 'read', 'file docs/2026/a.b.txt'],
  ['files://docs/Read%20me.txt', 'read', 'file docs/Read me.txt'],
  ['files://admin/x', 'admin', 'admin x'],
  ['files://admin/x/y', 'read', 'file admin/x/y'],
  ['files://administrator/x', 'read', 'file administrator/x'],
  ['users://ada', 'read', 'user ada'],
  ['http://host.example/open/x', 'read', 'open x'],
  ['http://other.example/closed/x', 'read', 'page other.example/closed/x'],
];

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Documents] });
  });
  afterAll(() => server.close());
  beforeEach(() => {
    read.length = 0;
  });

  async function ask(method: string, uri: string, scope: string) {
    const isHeader = /^[!-~]+$/.test(uri);
    const name = isHeader ? uri : `=?base64?${Buffer.from(uri).toString('base64')}?=`;
    const options = { token: await server.token(scope), headers: { 'mcp-name': name } };
    const response = await post(server.resource, message(method, { uri }), options);
    return { status: response.status, ...((await response.json()) as { error?: { code: number } }) };
  }

  test.each(SPELLINGS)('nobody without the scope of what it means reads %j', async (uri) => {
    const answer = await ask('resources/read', uri, 'read');
    expect(read).toEqual([]);
    expect(answer).not.toHaveProperty('result');
    if (answer.status !== 403) expect(answer.error?.code).toBe(-32602);
  });

  test.each(GOOD)('%j is read with %s', async (uri, scope, expected) => {
    expect(await ask('resources/read', uri, scope)).toHaveProperty('result');
    expect(read).toEqual([expected]);
  });
});
