import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { Denial, McpTool, UsePolicy, type AuditEvent, type Policy } from 'nestjs-mcp-auth';
import { post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

class Never implements Policy {
  permits() {
    return new Denial('Not on a Sunday.');
  }
}

class Broken implements Policy {
  permits(): never {
    throw new RangeError('the password of the database is hunter2');
  }
}

@Injectable()
class Tools {
  @McpTool({ description: 'x', scopes: ['orders:read'] })
  find(): string {
    return 'found';
  }

  @McpTool({ description: 'x', acrValues: ['mfa'], maxAgeMs: 60_000 })
  pay(): string {
    return 'paid';
  }

  @McpTool({ description: 'x', appOnly: 'deny' })
  mine(): string {
    return 'mine';
  }

  @UsePolicy(Never)
  @McpTool({ description: 'x' })
  forbidden(): string {
    return 'done';
  }

  @UsePolicy(Broken)
  @McpTool({ description: 'x' })
  broken(): string {
    return 'done';
  }
}

interface Row {
  readonly tool: string;
  readonly claims?: Record<string, unknown>;
  readonly reason: string;
  readonly detail: string | RegExp;
  readonly fix: RegExp;
}

const CLIENTS = { sub: 'alice', client_id: 'eyJhbGciOiJub25lIn0.c2VjcmV0.x\u001b' };

const rows: Record<string, Row> = {
  'a client that is not named': {
    tool: 'find',
    claims: CLIENTS,
    reason: 'client_not_allowed',
    detail: String.raw`its client is "[token]\u001b", and wanted is "test-client" or "robot"`,
    fix: /add it to `clients` of the issuer http/,
  },
  'a scope that is missing': {
    tool: 'find',
    reason: 'insufficient_scope',
    detail: 'what its scopes are is "mail", and wanted is "orders:read"',
    fix: /`scopes\.initial`/,
  },
  'a weak sign-in': {
    tool: 'pay',
    claims: { acr: 'password', auth_time: 1 },
    reason: 'insufficient_user_authentication',
    detail:
      'its acr is "password" and its auth_time is 1970-01-01T00:00:01.000Z, and wanted is acr "mfa" and a sign-in within 60 s',
    fix: /`acrValues` and `maxAgeMs`/,
  },
  'no user': {
    tool: 'mine',
    claims: { sub: 'robot', client_id: 'robot' },
    reason: 'app_only',
    detail: 'its token stands for the client "robot" alone, and wanted is one of a user',
    fix: /`appOnly` of the tool/,
  },
  'a policy': {
    tool: 'forbidden',
    reason: 'policy',
    detail: 'the policy Never denied it: "Not on a Sunday."',
    fix: /what Never decides/,
  },
  'a policy that fails': {
    tool: 'broken',
    reason: 'undecided',
    detail: 'what decides about it failed with RangeError',
    fix: /`scopes` function/,
  },
};

describe.each(['express', 'fastify'] as const)('an operation that is denied, on %s', (platform) => {
  const events: AuditEvent[] = [];
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({
      platform,
      providers: [Tools],
      trust: { clients: ['test-client', 'robot'] },
      options: { observability: { auditSink: { record: (event: AuditEvent) => void events.push(event) } } },
    });
  });
  afterAll(() => server.close());

  test.each(Object.entries(rows))(
    'for %s: operators see what came, what was wanted and what to do',
    async (_name, row) => {
      events.length = 0;
      server.log.lines.length = 0;
      const { tool, claims, reason, detail, fix } = row;
      const answer = await post(server.resource, toolCall(tool), { token: await server.token('mail', claims) });
      const told = JSON.stringify([[...answer.headers], await answer.text()]);
      expect(events).toEqual([expect.objectContaining({ type: 'operation_denied', reason, detail })]);
      const [event] = events as Extract<AuditEvent, { type: 'operation_denied' }>[];
      expect(event?.fix).toMatch(fix);
      expect(told).not.toContain(event?.fix);
      if (reason !== 'policy') expect(told).not.toContain(detail);
      const line = `An operation was denied [${event?.correlationId}] (tools/call`;
      const lines = server.log.lines.filter((one) => one.includes(line));
      expect(lines).toEqual([expect.stringContaining(`: ${reason}: ${event?.detail}. ${event?.fix}`)]);
      expect(JSON.stringify([event?.detail, event?.fix, lines])).not.toMatch(/eyJ|\p{Cc}|hunter2/u);
    },
  );
});
