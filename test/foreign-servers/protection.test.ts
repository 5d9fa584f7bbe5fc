import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { decodeJwt } from 'jose';
import { Anonymous, Denial, McpTool, type Policy, type PolicyRequest } from 'nestjs-mcp-auth';
import { startProtectedServer } from '../support/protected-server.js';
import { sendJson } from '../support/test-issuer.js';
import { messageIn, startForeignServer, type ForeignServer, type ForeignServerParts } from './foreign-server.js';

let server: ForeignServer;
afterEach(async () => {
  await server.close();
});

async function start(rules: ForeignServerParts['rules'], parts: Omit<ForeignServerParts, 'rules'> = {}) {
  server = await startForeignServer({ rules, ...parts });
  return await server.token('read');
}

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  test('runs a tool for whoever holds its scopes', async () => {
    const token = await start({ tools: { run: { scopes: ['read'] } } }, { platform });
    const { result } = await messageIn(await server.run({ token }));
    expect(result).toEqual({ content: [{ type: 'text', text: 'done' }] });
    expect(server.ran).toEqual(['run']);
  });

  test.each([
    'text/plain; x=application/json',
    'text/plain',
    'application/jsonp; x=application/json',
    'application/x-www-form-urlencoded; x=application/json',
  ])('refuses a message that the application did not read as JSON (%s), which the server might', async (type) => {
    const token = await start({ tools: { run: { scopes: ['write'] } } }, { platform });
    const response = await server.run({ token, headers: { 'content-type': type } });
    expect([400, 415]).toContain(response.status);
    expect(server.reached).toEqual([]);
  });

  test('refuses a message that asks for nothing and answers nothing', async () => {
    const token = await start({ tools: { '*': {} } }, { platform });
    for (const body of ['{}', '[]', '"tools/call"', '{"jsonrpc":"2.0","id":1,"method":7}']) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      expect((await fetch(server.resource, { method: 'POST', headers, body })).status).toBe(400);
    }
    expect(server.reached).toEqual([]);
  });

  test('lets pages of an allowed origin read the answer', async () => {
    const endpoint = { mount: false, allowedOrigins: ['https://app.example'] };
    const token = await start({ tools: { run: {} } }, { platform, options: { endpoint } });
    const { headers, status } = await server.run({ token, headers: { origin: 'https://app.example' } });
    expect(status).toBe(200);
    expect(headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
    expect(headers.get('vary')).toContain('Origin');
    expect((await server.run({ token, headers: { origin: 'https://evil.example' } })).status).toBe(403);
    expect(server.ran).toEqual(['run']);
  });

  test('answers what a page asks before it sends something, and does not let the server do so', async () => {
    const endpoint = { mount: false, allowedOrigins: ['https://app.example'] };
    await start({ tools: { run: {} } }, { platform, options: { endpoint } });
    const response = await fetch(server.resource, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization, content-type',
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-headers')).toBe('authorization, content-type');
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example');
    expect(server.reached).toEqual([]);
  });

  test('hands answers of clients on', async () => {
    const token = await start({}, { platform });
    const response = await fetch(server.resource, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, result: {} }),
    });
    expect(response.status).toBe(202);
  });

  test('does not show the token to the server', async () => {
    const token = await start({ tools: { run: {} } }, { platform });
    let seen: unknown;
    server.body = (_client, what) => {
      seen = what;
    };
    await messageIn(await server.run({ token, headers: { dpop: 'a.proof.of-it' } }));
    expect(server.arrived).toHaveLength(4);
    for (const headers of server.arrived) {
      expect(JSON.stringify(headers)).toContain('text/event-stream');
      expect(JSON.stringify(headers)).not.toContain(token);
      expect(JSON.stringify(headers)).not.toContain('a.proof.of-it');
    }
    // Seconds, as the SDK has it.
    const { exp: expiresAt } = decodeJwt(token);
    expect(seen).toMatchObject({ auth: { clientId: 'test-client', scopes: ['read'], token: '', expiresAt } });
    expect(seen).toHaveProperty('headers.accept');
    expect(JSON.stringify(seen)).not.toContain(token);
  });
});

describe('a policy', () => {
  @Injectable()
  class NeverAlice implements Policy {
    permits({ caller }: PolicyRequest) {
      if (caller?.subject === 'carol') throw new Error('out of order');
      return caller?.subject === 'alice' ? new Denial('Not for Alice') : true;
    }
  }

  test.each([
    ['of a rule', { policies: [NeverAlice] }, {}],
    ['of the module', {}, { access: { policies: [NeverAlice] } }],
  ])('%s keeps out whom it denies, before anything is exchanged or run', async (_whose, rule, options) => {
    const rules = { tools: { run: { downstream: 'orders', ...rule } } };
    const token = await start(rules, { options, providers: [NeverAlice] });
    const response = await server.run({ token });
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ message: 'Not for Alice' });
    expect((await server.run({ token: await server.token('', { sub: 'carol' }) })).status).toBe(500);
    expect(server.ran).toEqual([]);
    expect(server.issuer.exchanges).toEqual([]);
    expect((await server.run({ token: await server.token('', { sub: 'bob' }) })).status).toBe(200);
    expect(server.ran).toEqual(['run']);
  });

  test('of the module is under no rule that is missing: what has none stays refused', async () => {
    const token = await start({}, { options: { access: { policies: [NeverAlice] } }, providers: [NeverAlice] });
    expect((await server.run({ token })).status).toBe(403);
    expect(server.ran).toEqual([]);
  });
});

test.each([
  ['a downstream that there is none of', { tools: { run: { downstream: 'stock' } } }, /"stock"/],
  ['a scope that is none', { prompts: { greet: { scopes: ['a b'] } } }, /"a b"/],
  ['a template that is none', { resources: { 'orders://{id': {} } }, /template of RFC 6570/],
  ['a server that there is none of', { server: 'other' }, /"other".*Use one of: test/],
])('%s stops the boot', async (_what, rules, message) => {
  const started = startForeignServer({ rules });
  await expect(started.then((it) => it.close())).rejects.toThrow(message);
});

test('an endpoint of the module at the same path stops the boot', async () => {
  const started = startForeignServer({ rules: { tools: { '*': {} } }, options: { endpoint: {} } });
  await expect(started.then((it) => it.close())).rejects.toThrow(/Set `endpoint.mount` to false/);
});

test('a warning says that nothing is protected where no controller is', async () => {
  const options = { endpoint: { mount: false } };
  const unprotected = await startProtectedServer({ options });
  await unprotected.close();
  expect(unprotected.log.text).toContain('no controller has @ProtectedMcp');
  await start({});
  expect(server.log.text).not.toContain('no controller has @ProtectedMcp');
  await server.close();
  await start({ tools: { run: { scopes: ['read'] } } }, { options: { scopes: { challenge: 'union' } } });
});

test('the doctor knows what rules make use of', async () => {
  await start({ tools: { run: { downstream: 'orders' } } }, { options: { doctor: true } });
  const line = () => server.log.lines.find((one) => one.includes('McpAuthDoctor') && !one.startsWith('debug'));
  while (line() === undefined) await new Promise((resolve) => setImmediate(resolve));
  expect(line()).toContain('nothing is wrong');
});

test('a tool that the caller may not see is not run either', async () => {
  const token = await start({ tools: { run: { scopes: ['write'] } } }, { options: { lists: { show: 'permitted' } } });
  const response = await server.run({ token });
  expect(response.status).toBe(403);
  expect(response.headers.has('www-authenticate')).toBe(false);
  expect(server.ran).toEqual([]);
});

test('an anonymous tool of the module opens nothing of another server', async () => {
  @Injectable()
  class Tools {
    @Anonymous()
    @McpTool({ name: 'run', description: 'x' })
    run() {
      return 'ours';
    }
  }
  await start({ tools: { run: {} } }, { providers: [Tools] });
  expect((await server.run()).status).toBe(401);
  expect((await server.send('tools/list', {})).status).toBe(401);
  expect(server.ran).toEqual([]);
});

test('batches are refused', async () => {
  const token = await start({ tools: { run: {} } });
  const body = JSON.stringify([{ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'run' } }]);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: '*/*' };
  expect((await fetch(server.resource, { method: 'POST', headers, body })).status).toBe(400);
  expect(server.ran).toEqual([]);
});

describe('resources', () => {
  const read = async (uri: string, token: string) => await server.send('resources/read', { uri }, { token });

  test('have rules by URI, and by template', async () => {
    const token = await start({
      resources: { 'orders://one': { scopes: ['read'] }, 'orders://{id}/lines': { scopes: ['write'] } },
    });
    expect((await read('orders://one', token)).status).toBe(200);
    const refused = await read('orders://7/lines', token);
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toContain('scope="write"');
    expect((await read('orders://7/lines', await server.token('write'))).status).toBe(200);
    expect((await read('orders://two', token)).status).toBe(403);
    expect(server.ran).toEqual(['orders://one', 'orders://7/lines']);
  });

  test.each([
    'ORDERS://one',
    'orders://ONE',
    'orders://one?',
    'orders://one/',
    'orders:////one',
    'other://one',
    ' orders://one',
    'orders://\tone',
    'orders://%6Fne',
    'orders://one#there',
  ])('are not reached by another spelling of their URI (%j), for which a laxer rule stands', async (uri) => {
    for (const lax of ['*', 'orders://{+all}']) {
      const token = await start({ resources: { [lax]: {}, 'orders://one': { scopes: ['write'] } } });
      expect((await read(uri, token)).status).toBe(403);
      expect(server.reached).toEqual([]);
      expect((await read('orders://two', token)).status).toBe(200);
      await server.close();
    }
  });
});

describe('prompts', () => {
  const ref = { type: 'ref/prompt', name: 'greet' };
  const argument = { name: 'name', value: 'A' };

  test('have rules, under which their completions are too', async () => {
    const token = await start({ prompts: { greet: { scopes: ['write'] } } });
    expect((await server.send('prompts/get', { name: 'greet', arguments: { name: 'A' } }, { token })).status).toBe(403);
    expect((await server.send('completion/complete', { ref, argument }, { token })).status).toBe(403);
    expect(server.ran).toEqual([]);
    const able = await server.token('write');
    expect((await server.send('completion/complete', { ref, argument }, { token: able })).status).toBe(200);
    expect(server.ran).toEqual(['complete']);
  });

  test('without a rule complete nothing', async () => {
    const token = await start({ tools: { run: {} } });
    expect((await server.send('completion/complete', { ref, argument }, { token })).status).toBe(403);
    expect(server.ran).toEqual([]);
  });
});

describe('DownstreamClient', () => {
  const rules = { tools: { run: { downstream: 'orders' } } };

  test('is refused once the answer is over', async () => {
    const token = await start(rules);
    let late: Promise<unknown> = Promise.resolve();
    let answered = (): void => undefined;
    const over = new Promise<void>((resolve) => (answered = resolve));
    server.body = (client) => {
      late = over.then(() => client.json('/late'));
      late.catch(() => undefined);
    };
    await messageIn(await server.run({ token }));
    await new Promise((resolve) => setImmediate(resolve));
    answered();
    await expect(late).rejects.toMatchObject({ code: 'downstream_outside_call' });
    expect(server.api.requests).toEqual([]);
  });

  test('reaches no downstream that the rule does not name', async () => {
    const token = await start({ tools: { run: {} } });
    server.body = (client) => client.json('/orders');
    expect(await messageIn(await server.run({ token }))).toMatchObject({ result: { isError: true } });
    expect(server.api.requests).toEqual([]);
  });

  test('breaks off its calls when the client goes away in the middle of a stream', async () => {
    const token = await start(rules);
    const abort = new AbortController();
    const asked = new Promise<IncomingMessage>((resolve) => {
      server.api.answers.set('/slow', resolve);
    });
    let failed = (_error: unknown): void => undefined;
    const failure = new Promise<unknown>((resolve) => (failed = resolve));
    server.body = (client) => client.json('/slow').catch(failed);
    const response = await server.run({ token, signal: abort.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const { socket } = await asked;
    const broken = once(socket, 'close');
    abort.abort();
    await broken;
    expect(await failure).toMatchObject({ message: 'The client went away' });
  });

  test('does nothing for a client that went away while tokens were exchanged', async () => {
    const token = await start(rules);
    const abort = new AbortController();
    const asked = new Promise<() => void>((resolve) => {
      server.issuer.answers.set('/token', (_request, response) => {
        resolve(() => {
          sendJson(response, 200, { access_token: 'x', token_type: 'Bearer', expires_in: 60 });
        });
      });
    });
    let settled = (_value: unknown): void => undefined;
    const outcome = new Promise<unknown>((resolve) => (settled = resolve));
    server.body = async (client) => {
      await client.json('/orders').then(settled, settled);
    };
    const gone = new Promise<void>((resolve) => {
      server.onClose = resolve;
    });
    const response = server.run({ token, signal: abort.signal });
    const exchange = await asked;
    abort.abort();
    await expect(response).rejects.toThrow();
    await gone;
    exchange();
    expect(await outcome).toMatchObject({ message: 'The client went away' });
    expect(server.api.requests).toEqual([]);
  });

  test.each([
    [400, { error: 'invalid_grant' }, 401],
    [401, { error: 'invalid_client' }, 200],
  ])('has its token before the tool runs: what a sign-in mends is a challenge (%s)', async (status, body, expected) => {
    const token = await start(rules);
    server.issuer.answers.set('/token', (_request, response) => {
      sendJson(response, status, body);
    });
    server.body = (client) => client.json('/orders');
    const response = await server.run({ token });
    expect(response.status).toBe(expected);
    await response.text();
    expect(server.ran).toEqual(expected === 401 ? [] : ['run']);
    expect(server.api.requests).toEqual([]);
  });
});
