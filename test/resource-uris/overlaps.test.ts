import { afterEach, describe, expect, test } from '@jest/globals';
import type { Provider } from '@nestjs/common';
import { McpRegistry, McpResource, McpResourceTemplate } from 'nestjs-mcp-auth';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

let server: ProtectedServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A class that offers what is named, each under a scope of its own unless they share one. */
function offering(names: readonly string[], scope?: string): Provider {
  class Offers {
    readonly names = names;
  }
  for (const [index, name] of names.entries()) {
    const key = `offer${index}`;
    const method = { value: () => name, configurable: true };
    Object.defineProperty(Offers.prototype, key, method);
    const scopes = [scope ?? `scope${index}`];
    const decorate = name.includes('{')
      ? McpResourceTemplate({ uriTemplate: name, scopes })
      : McpResource({ uri: name, scopes });
    decorate(Offers.prototype, key, method as never);
  }
  return Offers;
}

async function start(...providers: Provider[]): Promise<ProtectedServer> {
  server = await startProtectedServer({ providers });
  return server;
}

describe('two templates of which neither is more specific', () => {
  test.each([
    ['orders://{id}', 'orders://{number}'],
    ['files://{folder}/public', 'files://admin/{name}'],
    ['files://{+path}.json', 'files://data.{+rest}'],
    ['files://{name}', 'FILES://{name}'],
    ['files://Admin/{name}', 'files://admin/{name}'],
    ['files://admin/{name}', 'files://admin//{name}'],
    ['files://admin/{name}', 'files://admin/{name}/'],
  ])('stop the boot if their rules differ: %s and %s', async (one, other) => {
    const started = start(offering([one, other]));
    await expect(started).rejects.toThrow(`"${one}" (Offers.offer0) and "${other}" (Offers.offer1)`);
    await expect(started).rejects.toThrow('neither is more specific. Give them the same rule');
  });

  test('are let be if their rules do not', async () => {
    const { log } = await start(offering(['files://{folder}/public', 'files://admin/{name}'], 'read'));
    expect(log.text).not.toContain('files://');
  });

  test('are not registered later either', async () => {
    const { app } = await start(offering(['orders://{id}']));
    const later = { name: 'later', uriTemplate: 'orders://{number}', scopes: ['other'] };
    await expect(app.get(McpRegistry).registerResourceTemplate(later, () => 1)).rejects.toThrow('"orders://{id}"');
  });
});

test.each([
  ['orders://secret', 'orders://{id}'],
  ['files://admin/{name}', 'files://{+path}'],
  ['files://{folder}/{name}', 'files://{+path}'],
])('%s is named at boot as part of %s, and comes first', async (narrow, wide) => {
  const { log } = await start(offering([wide, narrow]));
  const notices = log.lines.filter((line) => line.includes('which has another rule'));
  expect(notices).toEqual([
    expect.stringContaining(`"${narrow}" (Offers.offer1) lies within "${wide}" (Offers.offer0)`),
  ]);
});

test.each([
  ['orders://{id}', 'users://{id}'],
  ['files://{name}', 'files://{folder}/{name}'],
  ['a://{+p}', 'b://x'],
])('%s and %s have nothing in common', async (one, other) => {
  expect((await start(offering([one, other]))).log.text).not.toContain('another rule');
});

test.each([
  ['orders://{a}/{a}', 'twice'],
  ['orders://{id:3}', 'cuts "id" off'],
  ['orders://x{?q*}', 'any number of times'],
  ['orders://{id', 'brace'],
])('a template whose URIs cannot be matched stops the boot: %s', async (template, reason) => {
  await expect(start(offering([template]))).rejects.toThrow(reason);
});

test('the log says which URI was refused, and why', async () => {
  const { log, resource, token } = await start(offering(['files://admin/{name}', 'files://{+path}']));
  const uri = 'files://ADMIN/x';
  await post(resource, message('resources/read', { uri }), {
    token: await token('scope1'),
    headers: { 'mcp-name': uri },
  });
  expect(log.lines).toContainEqual(expect.stringContaining(`"${uri}"`));
  expect(log.lines).toContainEqual(expect.stringContaining('may be read as one of "files://admin/{name}"'));
});

test('what was registered as more specific comes first, and leaves when it goes', async () => {
  const { app, resource, token } = await start(offering(['files://{+path}'], 'read'));
  const registered = { name: 'admin', uriTemplate: 'files://admin/{name}', scopes: ['admin'] };
  const { remove } = await app.get(McpRegistry).registerResourceTemplate(registered, () => 'admin');
  const uri = 'files://admin/x';
  const read = async () =>
    await post(resource, message('resources/read', { uri }), {
      token: await token('read'),
      headers: { 'mcp-name': uri },
    });
  expect((await read()).status).toBe(403);
  remove();
  expect((await read()).status).toBe(200);
});
