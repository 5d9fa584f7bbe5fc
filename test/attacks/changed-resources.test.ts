import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable, UsePipes, type PipeTransform } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { connectInMemory, McpInput, McpResource, McpResourceTemplate, type AuditEvent } from 'nestjs-mcp-auth';
import { Client } from '@modelcontextprotocol/client';
import { z } from 'zod';
import { message, post } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** What methods got. */
const got: unknown[] = [];
const outcomes: string[] = [];

/** What the application makes of a value: the caller sends the one, and the method gets the other. */
const DISGUISES: Readonly<Record<string, string>> = { sesame: 'admin', deep: 'x/../admin', twin: 'other' };
const reveal = (value: unknown): unknown =>
  typeof value === 'string'
    ? (DISGUISES[value] ?? value.replace(/sesame$/, 'admin'))
    : typeof value === 'object' && value !== null
      ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, reveal(one)]))
      : value;

class Reveal implements PipeTransform {
  transform(value: unknown): unknown {
    return reveal(value);
  }
}

class RevealUri implements PipeTransform {
  transform(value: { uri: string }): unknown {
    return { ...value, uri: reveal(value.uri) };
  }
}

const take = (value: unknown): string => {
  got.push(value);
  return 'done';
};

const name = z.object({ name: z.string() });

@Injectable()
class Files {
  @McpResource({ uri: 'schema://admin', scopes: ['admin'] }) schema_admin() {
    return 'for admins';
  }
  @McpResourceTemplate({
    uriTemplate: 'schema://{name}',
    input: z.object({
      name: z
        .string()
        .transform(String)
        .transform((one) => String(reveal(one))),
    }),
    scopes: ['rd'],
  })
  schema({ name: one }: { name: string }) {
    return take(one);
  }

  @McpResource({ uri: 'number://7', scopes: ['admin'] }) number_admin() {
    return 'for admins';
  }
  @McpResourceTemplate({ uriTemplate: 'number://{id}', input: z.object({ id: z.coerce.number() }), scopes: ['rd'] })
  number({ id }: { id: number }) {
    return take(id);
  }

  @McpResource({ uri: 'pipe://admin', scopes: ['admin'] }) pipe_admin() {
    return 'for admins';
  }
  @UsePipes(Reveal) @McpResourceTemplate({ uriTemplate: 'pipe://{name}', scopes: ['rd'] }) pipe({
    name: one,
  }: {
    name: string;
  }) {
    return take(one);
  }

  @McpResource({ uri: 'named://admin', scopes: ['admin'] }) named_admin() {
    return 'for admins';
  }
  @McpResourceTemplate({ uriTemplate: 'named://{name}', input: name, scopes: ['rd'] })
  named(_args: unknown, @McpInput('name', Reveal) one: unknown) {
    return take(one);
  }

  @McpResource({ uri: 'uri://admin', scopes: ['admin'] }) uri_admin() {
    return 'for admins';
  }
  @UsePipes(RevealUri) @McpResourceTemplate({ uriTemplate: 'uri://{name}', scopes: ['rd'] }) uri({
    uri,
  }: {
    uri: string;
  }) {
    return take(uri);
  }

  @McpResourceTemplate({ uriTemplate: 'wide://admin/{name}', scopes: ['admin'] }) wide_admin() {
    return 'for admins';
  }
  @McpResourceTemplate({
    uriTemplate: 'wide://{dir}/{name}',
    input: z.object({ dir: z.string(), name: z.string() }),
    scopes: ['rd'],
  })
  wide(_args: unknown, @McpInput('dir', Reveal) dir: unknown) {
    return take(dir);
  }

  @McpResourceTemplate({ uriTemplate: 'global://admin{+rest}', scopes: ['admin'] }) global_admin() {
    return 'for admins';
  }
  @McpResourceTemplate({ uriTemplate: 'global://{+path}', scopes: ['rd'] }) global({ path }: { path: string }) {
    return take(path);
  }

  @McpResource({ uri: 'fixed://one', scopes: ['rd'] }) @UsePipes(RevealUri) fixed({ uri }: { uri: string }) {
    return take(uri);
  }
}

/** For all methods. */
class Open implements PipeTransform {
  transform(value: unknown): unknown {
    if (typeof value === 'string') return value.replace(/^open-/, '');
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.transform(one)]));
  }
}

/** Spellings of which the application makes another resource. */
const ATTACKS: readonly (readonly [what: string, uri: string])[] = [
  ['a schema', 'schema://sesame'],
  ['a schema that makes a path with dots', 'schema://deep'],
  ['a schema that makes a number', 'number://007'],
  ['a pipe of the method', 'pipe://sesame'],
  ['a pipe that makes a path with dots', 'pipe://deep'],
  ['a pipe of one variable', 'named://sesame'],
  ['a pipe of the URI', 'uri://sesame'],
  ['a pipe of one of two variables', 'wide://sesame/x'],
  ['a global pipe', 'global://open-admin/x'],
];

const FINE: readonly (readonly [what: string, uri: string, value: unknown])[] = [
  ['a schema', 'schema://twin', 'other'],
  ['a schema that makes a number', 'number://8', 8],
  ['a pipe of the method', 'pipe://twin', 'other'],
  ['a pipe of one variable', 'named://twin', 'other'],
  ['a pipe of one of two variables', 'wide://twin/x', 'other'],
  ['a global pipe', 'global://open-this/one', 'this/one'],
  ['a pipe of the URI', 'uri://x%20y', 'uri://x%20y'],
];

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  let server: ProtectedServer;
  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      providers: [Files, { provide: APP_PIPE, useClass: Open }],
      options: {
        observability: {
          auditSink: {
            record: ({ type, ...event }: AuditEvent) => {
              if (type.startsWith('operation_')) outcomes.push('reason' in event ? event.reason : type);
            },
          },
        },
      },
    });
  });
  afterEach(() => {
    got.length = 0;
    outcomes.length = 0;
  });
  afterAll(() => server.close());

  async function read(uri: string, scope: string) {
    const token = await server.token(scope);
    const answer = await post(server.resource, message('resources/read', { uri }), {
      token,
      headers: { 'mcp-name': uri },
    });
    return { status: answer.status, text: await answer.text() };
  }

  test.each(ATTACKS)('%s that makes %s another resource does not get around its rule', async (_what, uri) => {
    for (const scope of ['rd', 'rd admin']) {
      const { text } = await read(uri, scope);
      expect(text).toContain('"error":');
      expect(text).toMatch(/not found/i);
    }
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(connectInMemory(server.app, { token: await server.token('rd') }));
    await expect(client.readResource({ uri })).rejects.toThrow(/not found/i);
    await client.close();
    expect(got).toEqual([]);
    expect(outcomes).not.toContain('operation_allowed');
  });

  test.each(FINE)('%s may make of %s what has the same rule', async (_what, uri, value) => {
    expect((await read(uri, 'rd')).status).toBe(200);
    expect(got).toEqual([value]);
    expect(outcomes).toEqual(['operation_allowed']);
  });
});
