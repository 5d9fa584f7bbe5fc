import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpPrompt, McpResource, McpResourceTemplate, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const uriOf = (input: unknown) => String((input as { uri: string }).uri);

@Injectable()
class Offers {
  @McpResource({
    uri: 'plans://open',
    name: 'open',
    scopes: (input) => (uriOf(input).endsWith('open') ? [] : ['root']),
  })
  open() {
    return 'x';
  }
  @McpResource({
    uri: 'plans://secret',
    name: 'secret',
    scopes: (input) => (uriOf(input).endsWith('t') ? ['admin'] : []),
  })
  secret() {
    return 'x';
  }
  @McpResource({
    uri: 'plans://failing',
    name: 'failing',
    scopes: () => {
      throw new Error('no');
    },
  })
  failing() {
    return 'x';
  }
  @McpResourceTemplate({ uriTemplate: 'plans://years/{year}', scopes: () => ['admin'] })
  years() {
    return 'x';
  }
  @McpResourceTemplate({ uriTemplate: 'plans://of/{who}', scopes: (input) => [(input as { who: string }).who] })
  whose() {
    return 'x';
  }
  @McpTool({ description: 'x', scopes: () => ['admin'] })
  purge() {
    return 'x';
  }
  @McpTool({ description: 'x', input: z.object({ region: z.string() }), scopes: ({ region }) => [`in:${region}`] })
  look() {
    return 'x';
  }
  @McpPrompt({ description: 'x', scopes: () => ({ anyOf: ['admin', 'root'] }) })
  letter() {
    return 'x';
  }
}

describe.each(['express', 'fastify'] as const)('with lists of what is permitted, on %s', (platform) => {
  let server: ProtectedServer;
  beforeAll(async () => {
    server = await startProtectedServer({ platform, providers: [Offers], options: { lists: { show: 'permitted' } } });
  });
  afterAll(() => server.close());

  const ask = async (scope: string, method: string, params = {}, name = '') => {
    const body = message(method, params);
    const response = await post(server.resource, body, {
      token: await server.token(scope),
      headers: name === '' ? {} : { 'mcp-name': name },
    });
    return {
      status: response.status,
      challenge: response.headers.get('www-authenticate'),
      text: await response.text(),
    };
  };

  test.each([
    ['resources/list', ['plans://open'], ['plans://secret'], ['plans://failing']],
    ['resources/templates/list', ['plans://of/'], ['plans://years/'], []],
    ['tools/list', ['"look"'], ['"purge"'], []],
    ['prompts/list', [], ['"letter"'], []],
  ])('%s asks the function in scopes, where it can be decided without a call', async (method, seen, hidden, never) => {
    const [stranger, admin] = [(await ask('', method)).text, (await ask('admin', method)).text];
    for (const name of seen) expect(stranger).toContain(name);
    for (const name of hidden) expect(stranger).not.toContain(name);
    for (const name of [...seen, ...hidden]) expect(admin).toContain(name);
    for (const name of never) expect(admin).not.toContain(name);
  });

  test.each([
    ['resources/read', { uri: 'plans://secret' }, { uri: 'plans://nothin' }],
    ['tools/call', { name: 'purge', arguments: {} }, { name: 'purse', arguments: {} }],
    ['prompts/get', { name: 'letter' }, { name: 'litter' }],
  ])('%s of what is hidden is answered as that of what is not there', async (method, params, unknown) => {
    const nameOf = ({ name, uri }: { name?: string; uri?: string }) => name ?? uri ?? '';
    const hidden = await ask('', method, params, nameOf(params));
    const missing = await ask('', method, unknown, nameOf(unknown));
    expect({ ...hidden, text: hidden.text.replaceAll(nameOf(params), nameOf(unknown)) }).toEqual(missing);
    expect(hidden.challenge).toBeNull();
    expect((await ask('admin', method, params, nameOf(params))).text).toContain('result');
  });
});
