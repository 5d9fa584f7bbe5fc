import { afterEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpTool, type AuditEvent, type IssuerOptions, type McpContext } from 'nestjs-mcp-auth';
import { IntrospectingServer } from '../introspection/introspecting-server.js';
import { callTool, post, toolCall } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x', scopes: ['orders:read'] })
  whoActs(_input: unknown, { caller }: McpContext): object {
    return { subject: caller?.subject, actor: caller?.actor, isFrozen: isFrozen(caller?.actor) };
  }
}

/** A chain of actors, the present one first. */
function chain(...actors: Record<string, unknown>[]): unknown {
  return actors.reduceRight<unknown>((act, actor) => ({ ...actor, ...(act !== undefined && { act }) }), undefined);
}

const chainOf = (length: number) => chain(...Array.from({ length }, (_, index) => ({ sub: `agent-${index}` })));

const events: AuditEvent[] = [];
const started: { close(): Promise<void> }[] = [];
let server: ProtectedServer;

async function start(trust: Partial<IssuerOptions> = {}): Promise<void> {
  server = await startProtectedServer({
    providers: [Tools],
    trust,
    options: { observability: { auditSink: { record: (event: AuditEvent) => void events.push(event) } } },
  });
  started.push(server);
}

afterEach(async () => {
  events.length = 0;
  await Promise.all(started.splice(0).map((one) => one.close()));
});

/** What the tool says of a caller whose token has this `act`. */
async function acting(act: unknown): Promise<unknown> {
  const token = await server.token('orders:read', { act });
  return (await callTool(server.resource, token, 'who_acts')).structuredContent;
}

/** The answer to a token with this `act`. */
async function refusal(act: unknown): Promise<string> {
  const response = await post(server.resource, toolCall('who_acts'), {
    token: await server.token('orders:read', { act }),
  });
  return `${response.status} ${response.headers.get('www-authenticate') ?? ''}`;
}

describe('the actors of a token', () => {
  test('are none in most', async () => {
    await start();
    expect(await acting(undefined)).toEqual({ subject: 'alice', isFrozen: true });
    expect(events[0]?.caller).not.toHaveProperty('actors');
  });

  test('are a chain, the present actor first, and nobody may change it', async () => {
    await start();
    const earlier = { client_id: 'agent', act: { sub: 'first' } };
    const present = { sub: 'planner', iss: 'https://agents.example', level: 2, act: earlier };
    expect(await acting(present)).toEqual({
      subject: 'alice',
      actor: {
        subject: 'planner',
        issuer: 'https://agents.example',
        claims: present,
        actor: { clientId: 'agent', claims: earlier, actor: { subject: 'first', claims: { sub: 'first' } } },
      },
      isFrozen: true,
    });
  });

  test('are in audit events, without what else is said of them', async () => {
    await start();
    await acting(
      chain({ sub: 'planner', iss: 'https://agents.example', email: 'planner@example' }, { client_id: 'a' }),
    );
    expect(events).toMatchObject([
      {
        type: 'operation_allowed',
        caller: {
          subject: 'alice',
          actors: [
            { subject: 'planner', issuer: 'https://agents.example' },
            { subject: undefined, clientId: 'a' },
          ],
        },
      },
    ]);
    expect(JSON.stringify(events)).not.toContain('planner@example');
  });

  test('give and take no scopes', async () => {
    await start();
    const token = await server.token('', { act: { sub: 'planner', scope: 'orders:read' } });
    expect((await post(server.resource, toolCall('who_acts'), { token })).status).toBe(403);
  });

  test('are read from answers to introspections, too', async () => {
    const introspecting = await IntrospectingServer.start({ trust: { maxActors: 1 } });
    started.push(introspecting);
    introspecting.say({ act: { sub: 'planner' } });
    expect(await introspecting.status()).toBe(200);
    introspecting.say({ act: chainOf(2) });
    expect(await introspecting.status()).toBe(401);
  });
});

describe('a token is refused', () => {
  test.each<[string, unknown]>([
    ['whose actor is text', 'planner'],
    ['whose actor is null', null],
    ['whose actor is a list', [{ sub: 'planner' }]],
    ['whose actor has no name', {}],
    ['whose actor has an issuer alone', { iss: 'https://agents.example' }],
    ['whose actor has an empty name', { sub: '' }],
    ['whose actor has a name that is not text', { sub: 7, client_id: 'planner' }],
    ['whose actor has a client that is not text', { sub: 'planner', client_id: ['a'] }],
    ['whose actor has an issuer that is not text', { sub: 'planner', iss: {} }],
    ['whose earlier actor is nobody', { sub: 'planner', act: {} }],
    ['that has six actors', chainOf(6)],
  ])('%s', async (_name, act) => {
    await start();
    expect(await refusal(act)).toMatch(/^401 .*error="invalid_token"/);
    expect(events).toMatchObject([{ type: 'token_rejected', status: 401 }]);
  });
});

describe('`maxActors`', () => {
  test('is five where nobody says otherwise', async () => {
    await start();
    expect(await acting(chainOf(5))).toMatchObject({ actor: { subject: 'agent-0' } });
  });

  test.each([
    [0, 1],
    [1, 2],
    [7, 8],
  ])('%d: %d are too many', async (maxActors, tooMany) => {
    await start({ maxActors });
    expect(await acting(maxActors === 0 ? undefined : chainOf(maxActors))).toMatchObject({ subject: 'alice' });
    expect(await refusal(chainOf(tooMany))).toMatch(/^401 .*error="invalid_token"/);
  });

  test.each([-1, 1.5, 21, '5', Number.NaN])('cannot be %p', async (maxActors) => {
    const failure = await start({ maxActors: maxActors as number }).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      message: expect.stringContaining('`issuers[0].maxActors` is not a whole number from 0 to 20. Choose one'),
    });
  });
});

function isFrozen(value: unknown): boolean {
  return (
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every((member) => isFrozen(member)))
  );
}
