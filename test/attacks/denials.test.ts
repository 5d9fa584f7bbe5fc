import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { connectInMemory, McpTool, UsePolicy, type AuditEvent, type Policy } from 'nestjs-mcp-auth';
import { startForeignServer } from '../foreign-servers/foreign-server.js';
import { Telemetry } from '../observability/telemetry.js';
import { post, toolCall } from '../support/mcp-request.js';
import { takeFailedAnswers } from '../support/failed-answers.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

const DENIED = 'nestjs_mcp_auth.operations.denied';

const events: AuditEvent[] = [];
const ran: string[] = [];

class Never implements Policy {
  permits() {
    return false;
  }
}

class Broken implements Policy {
  permits(): boolean {
    throw new Error('out of order');
  }
}

@Injectable()
class Tools {
  @McpTool({ description: 'x', scopes: ['read'] })
  scoped() {
    ran.push('scoped');
  }
  @McpTool({ description: 'x', acrValues: ['mfa'] })
  strong() {
    ran.push('strong');
  }
  @McpTool({ description: 'x', appOnly: 'deny' })
  ofUsers() {
    ran.push('of_users');
  }
  @UsePolicy(Never)
  @McpTool({ description: 'x' })
  forbidden() {
    ran.push('forbidden');
  }
  @UsePolicy(Broken)
  @McpTool({ description: 'x' })
  broken() {
    ran.push('broken');
  }
  @McpTool({ description: 'x' })
  plain() {
    ran.push('plain');
  }
}

const RULES = {
  tools: {
    scoped: { scopes: ['read'] },
    strong: { acrValues: ['mfa'] },
    of_users: { appOnly: 'deny' as const },
    forbidden: { policies: [Never] },
    broken: { policies: [Broken] },
    plain: {},
  },
};

type Call = (server: ProtectedServer, tool: string, token: string) => Promise<unknown>;

const overHttp: Call = async (server, tool, token) => {
  const response = await post(server.resource, toolCall(tool), { token });
  return await response.text();
};

const inMemory: Call = async (server, tool, token) => {
  const transport = connectInMemory(server.app, { token });
  await transport.start();
  const answer = new Promise((resolve) => {
    transport.onmessage = resolve;
  });
  await transport.send(toolCall(tool) as never);
  const told = await answer;
  await transport.close();
  return told;
};

const WAYS: readonly (readonly [way: string, platform: 'express' | 'fastify', isForeign: boolean, call: Call])[] = [
  ['over HTTP on Express', 'express', false, overHttp],
  ['over HTTP on Fastify', 'fastify', false, overHttp],
  ['in memory', 'express', false, inMemory],
  ['with @ProtectedMcp on Express', 'express', true, overHttp],
  ['with @ProtectedMcp on Fastify', 'fastify', true, overHttp],
];

describe.each(WAYS)('%s', (_way, platform, isForeign, call) => {
  const telemetry = new Telemetry();
  let server: ProtectedServer;

  beforeAll(async () => {
    telemetry.register();
    const auditSink = { record: (event: AuditEvent) => void events.push(event) };
    const options = { observability: { auditSink } };
    const providers = [Tools, Never, Broken];
    const trust = { clients: ['test-client'] };
    server = isForeign
      ? await startForeignServer({ rules: RULES, platform, options, trust })
      : await startProtectedServer({ platform, providers, options, trust });
  });
  afterAll(async () => {
    await server.close();
    await telemetry.unregister();
  });
  beforeEach(() => {
    events.length = 0;
    ran.length = 0;
    telemetry.spans.length = 0;
  });

  test.each<[string, string, Record<string, unknown>]>([
    ['insufficient_scope', 'scoped', {}],
    ['insufficient_user_authentication', 'strong', {}],
    ['app_only', 'of_users', { idtyp: 'app' }],
    ['policy', 'forbidden', {}],
    ['undecided', 'broken', {}],
    ['client_not_allowed', 'plain', { client_id: 'other' }],
  ])('a denial (%s) is audited, counted and on the span, once each', async (reason, tool, claims) => {
    const countOf = async () => {
      const counted = await telemetry.counted(DENIED);
      return counted.find(([attributes]) => attributes.reason === reason)?.[1] ?? 0;
    };
    const before = await countOf();
    await call(server, tool, await server.token('other', claims));
    expect(events).toEqual([
      expect.objectContaining({ type: 'operation_denied', reason, operation: { method: 'tools/call', name: tool } }),
    ]);
    expect((await telemetry.request()).attributes).toMatchObject({ 'error.type': reason });
    expect(await countOf()).toBe(before + 1);
    expect(ran).toEqual([]);
    // A policy that fails is a failure of the server.
    if (reason === 'undecided') takeFailedAnswers();
  });
});
