import { afterEach, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { dialects } from 'nestjs-mcp-auth';
import type { ActorToken } from 'nestjs-mcp-auth/dialects';
import { answering, DialectServers } from '../exchange/dialect-server.js';
import { post, toolCall } from '../support/mcp-request.js';
import { keepSecret } from '../support/secret-watch.js';

const servers = new DialectServers();

afterEach(() => servers.close());

/** The token of an agent, as an actor of a dialect. */
async function agent(): Promise<ActorToken> {
  const key = new TextEncoder().encode('x'.repeat(32));
  const token = await new SignJWT({ sub: 'agent' }).setProtectedHeader({ alg: 'HS256' }).sign(key);
  keepSecret(token);
  return { token };
}

/** What a call with such a token comes to. The server's own client is `mcp`. */
async function call(may_act: unknown, actor?: ActorToken) {
  const dialect = actor ? dialects.rfc8693({ actor }) : dialects.rfc8693();
  const server = await servers.start({ audience: 'orders-api', dialect });
  const forms = answering(server.issuer);
  const response = await post(server.resource, toolCall('order'), { token: await server.token({ may_act }) });
  return { sent: forms.length, status: response.status, text: await response.text(), log: server.log.text };
}

test.each<[string, unknown, () => Promise<ActorToken | undefined>]>([
  ['nobody is named', undefined, () => Promise.resolve(undefined)],
  ["this server's client is named", { client_id: 'mcp' }, () => Promise.resolve(undefined)],
  ['the actor of the dialect is named, who acts in its place', { sub: 'agent' }, agent],
])('a token is got where %s', async (_name, may_act, actorOf) => {
  const { sent, text } = await call(may_act, await actorOf());
  expect(sent).toBe(1);
  expect(text).toContain('"subject":"alice"');
});

test.each<[string, unknown, () => Promise<ActorToken | undefined>]>([
  ['somebody else is named', { client_id: 'other' }, () => Promise.resolve(undefined)],
  [
    'the name is one of the same at another issuer',
    { client_id: 'mcp', iss: 'https://other.example' },
    () => Promise.resolve(undefined),
  ],
  ["this server's client is named, but the dialect has an actor", { client_id: 'mcp' }, agent],
])('nothing is sent where %s, and nobody is asked to sign in', async (_name, may_act, actorOf) => {
  const { sent, status, text, log } = await call(may_act, await actorOf());
  expect([sent, status]).toEqual([0, 200]);
  expect(text).toContain('"isError":true');
  expect(text).toContain('"remediation":"undisclosed"');
  expect(log).toContain('(caller_access_denied)');
});
