import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { clientSecretBasic, DownstreamClient, McpResource, McpResourceTemplate, McpTool } from 'nestjs-mcp-auth';
import type { AuditEvent } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { startForeignServer, type ForeignServer } from '../foreign-servers/foreign-server.js';
import { Browser } from '../linking/browser.js';
import { Parties, type LinkedServer } from '../linking/linked-server.js';
import { message, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';
import { sendJson } from '../support/test-issuer.js';

/** What is no refusal. */
type Done = 'operation_allowed' | 'session_ended' | 'token_exchanged' | 'account_linked' | 'account_unlinked';
type RefusedType = Exclude<AuditEvent['type'], Done>;
type RefusedEvent = Extract<AuditEvent, { type: RefusedType }>;

// The types of all refusals have both.
const readRefusal = ({ detail, fix }: RefusedEvent): { readonly detail: string; readonly fix: string } => ({
  detail,
  fix,
});

const events: AuditEvent[] = [];
const observability = { auditSink: { record: (event: AuditEvent) => void events.push(event) } };
const calls = new PassThrough();

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x' })
  find() {
    return 'found';
  }
  @McpTool({ description: 'x', scopes: ['admin'] })
  admin() {
    return 'done';
  }
  @McpTool({ description: 'x' })
  async wait() {
    calls.emit('began');
    await once(calls, 'over');
    return 'done';
  }
  @McpTool({ description: 'x', downstream: 'orders' })
  orders() {
    return this.downstream.json('/');
  }
  @McpResource({ uri: 'file://admin', scopes: ['admin'] })
  secrets() {
    return 'for admins';
  }
  @McpResourceTemplate({
    uriTemplate: 'file://{name}',
    input: z.object({ name: z.string().transform((name) => name.replace('sesame', 'admin')) }),
  })
  file() {
    return 'done';
  }
}

let server: ProtectedServer;
let foreign: ForeignServer;
let linked: LinkedServer;
let parties: Parties;

beforeAll(async () => {
  parties = await Parties.start();
  [server, foreign, linked] = await Promise.all([
    startProtectedServer({
      providers: [Tools],
      options: {
        observability,
        limits: { perCaller: { callsInFlight: 1 }, rate: { perCaller: { limit: 4, ttlMs: 60_000 } } },
        client: { id: 'mcp-server', authentication: clientSecretBasic('the-secret-of-the-server') },
        downstreams: {
          orders: { baseUrl: 'http://127.0.0.1:9', audience: 'orders-api', scopes: ['read'] },
        },
      },
    }),
    startForeignServer({ rules: { tools: { run: {} } }, options: { endpoint: { mount: false }, observability } }),
    parties.serve({ options: { observability } }),
  ]);
});
afterAll(async () => {
  await Promise.all([server.close(), foreign.close()]);
  await parties.close();
});

const call = async (sub: string, body: unknown = toolCall('find')) =>
  await (await post(server.resource, body, { token: await server.token('', { sub }) })).text();

interface Row {
  readonly refuse: () => Promise<unknown>;
  readonly detail: RegExp;
  readonly fix: RegExp;
}

function exchange(answer: () => { status: number; body: unknown } | undefined) {
  return async () => {
    server.issuer.answers.set('/token', (_request, response) => {
      const { status = 0, body } = answer() ?? {};
      if (status === 0) response.destroy();
      else sendJson(response, status, body);
    });
    await call(`exchanging-${Math.random()}`, toolCall('orders'));
    server.issuer.answers.clear();
  };
}

const rows: Readonly<Record<RefusedType, Readonly<Record<string, Row>>>> = {
  token_rejected: {
    'a token for another server': {
      refuse: async () => {
        await post(server.resource, toolCall('find'), { token: await server.token('', { aud: 'other' }) });
      },
      detail: /^its aud is "other", and wanted is "http/,
      fix: /`audiences`/,
    },
  },
  request_refused: {
    'another origin': {
      refuse: () => post(server.resource, toolCall('find'), { headers: { origin: 'https://evil.example' } }),
      detail: /^its Origin is "https:\/\/evil\.example", and wanted is "http/,
      fix: /`endpoint\.allowedOrigins`/,
    },
    'what no rule of @ProtectedMcp allows': {
      refuse: async () => await foreign.send('tools/call', { name: 'other' }, { token: await foreign.token() }),
      detail: /^@ProtectedMcp has no rule for it\. Add one, or "\*"$/,
      fix: /`@ProtectedMcp`/,
    },
    'a session that @ProtectedMcp gave to nobody': {
      refuse: async () =>
        await foreign.run({ token: await foreign.token(), headers: { 'mcp-session-id': 'of-somebody-else' } }),
      detail: /^its Mcp-Session-Id was not given to this caller/,
      fix: /`replicas\.keys`/,
    },
  },
  operation_denied: {
    'a scope that is missing': {
      refuse: () => call('poor', toolCall('admin')),
      detail: /^what its scopes are is .*, and wanted is "admin"$/,
      fix: /`scopes\.initial`/,
    },
    'an argument that becomes another resource': {
      refuse: () => call('disguised', message('resources/read', { uri: 'file://sesame' })),
      detail: /another resource of it, which has another rule$/,
      fix: /leave the URI as it is, or give both resources the same rule/,
    },
  },
  request_limited: {
    'a caller who asks too often': {
      refuse: async () => {
        for (let count = 0; count <= 4; count += 1) await call('eager');
      },
      detail: /^its caller asked more often than the throttler "mcp-caller" allows: 4 times within 60 s$/,
      fix: /`limits\.rate`.*`@Throttle\(\)`/,
    },
  },
  limit_reached: {
    'a caller who holds too much': {
      refuse: async () => {
        const began = once(calls, 'began');
        const first = call('greedy', toolCall('wait'));
        await began;
        await call('greedy');
        calls.emit('over');
        await first;
      },
      detail: /^callsInFlight: one caller may have 1 of \d+ bytes, and there was to be more$/,
      fix: /`limits\.perCaller\.callsInFlight`/,
    },
  },
  token_exchange_failed: {
    'a secret that is wrong': {
      refuse: exchange(() => ({ status: 401, body: { error: 'invalid_client', error_description: 'PROSE' } })),
      detail:
        /^A token for orders \(audience=orders-api, scope=read\) was asked for, and the answer was 401 with "invalid_client"$/,
      fix: /^Check `client`: its id, its secret/,
    },
    'a scope that is not assigned': {
      refuse: exchange(() => ({ status: 400, body: { error: 'invalid_scope', error_description: 'PROSE' } })),
      detail: /the answer was 400 with "invalid_scope"$/,
      fix: /give the scopes read to the client of this server.*`downstreams\.orders`/,
    },
    'an answer without a token': {
      refuse: exchange(() => ({ status: 200, body: { hello: 'PROSE' } })),
      detail: /the answer was 200, which has no usable token$/,
      fix: /`dialect`/,
    },
    'an error that is a text': {
      refuse: exchange(() => ({ status: 400, body: { error: 'SOME PROSE \u001b' } })),
      detail: /the answer was 400$/,
      fix: /doctor --probe/,
    },
    'a token for an error': {
      refuse: exchange(() => ({ status: 400, body: { error: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.x' } })),
      detail: /the answer was 400 with "\[token\]"$/,
      fix: /doctor --probe/,
    },
    'a session that is over': {
      refuse: exchange(() => ({ status: 400, body: { error: 'invalid_grant' } })),
      detail: /the answer was 400 with "invalid_grant"$/,
      fix: /sign in again/,
    },
  },
  account_link_refused: {
    'another user': {
      refuse: async () => await new Browser('bob').visit(await linked.pageFor('alice')),
      detail: /^sub of the ID token is "bob", and wanted is "alice"$/,
      fix: /`linking\.subjectClaim`/,
    },
    'a user who does not allow it': {
      refuse: async () => await new Browser('alice', false).visit(await linked.pageFor('alice')),
      detail: /access_denied/,
      fix: /allows the access/,
    },
  },
};

describe.each(Object.entries(rows))('the event %s says what came, what was wanted and what to do', (type, kinds) => {
  test.each(Object.entries(kinds))('of %s', async (_name, { refuse, detail, fix }) => {
    events.length = 0;
    await refuse();
    const refused = events.filter((event): event is RefusedEvent => event.type === type);
    expect(refused).toHaveLength(1);
    const told = refused.map(readRefusal)[0];
    expect(told?.detail).toMatch(detail);
    expect(told?.fix).toMatch(fix);
    expect(JSON.stringify(told)).not.toMatch(/PROSE|eyJ|[\p{Cc}]/u);
  });
});
