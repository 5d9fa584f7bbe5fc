import { afterEach, describe, expect, test } from '@jest/globals';
import { SignJWT } from 'jose';
import { dialects, errors } from 'nestjs-mcp-auth';
import type { ActorToken, FormParameters } from 'nestjs-mcp-auth/dialects';
import { callTool } from '../support/mcp-request.js';
import { keepSecret } from '../support/secret-watch.js';
import { ACCESS_TOKEN, answering, DialectServers, order } from './dialect-server.js';

const servers = new DialectServers();
const audience = 'orders-api';
const ISSUER = 'https://id.example';

afterEach(() => servers.close());

async function actorToken(claims: Record<string, unknown>): Promise<string> {
  const key = new TextEncoder().encode('x'.repeat(32));
  const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(key);
  keepSecret(token);
  return token;
}

describe('the parameters', () => {
  test.each<[string, ActorToken, string, string]>([
    ['a token', { token: 'actor-1' }, 'actor-1', ACCESS_TOKEN],
    ['a function', { token: () => 'actor-2', type: 'urn:x' }, 'actor-2', 'urn:x'],
    ['a promise', { token: () => Promise.resolve('actor-3') }, 'actor-3', ACCESS_TOKEN],
  ])('%s', async (_name, actor, token, type) => {
    const server = await servers.start({ audience, dialect: dialects.rfc8693({ actor }) });
    const forms = answering(server.issuer);
    expect((await order(server)).isError).toBeUndefined();
    expect(Object.fromEntries(forms[0] ?? [])).toMatchObject({ actor_token: token, actor_token_type: type });
  });
});

describe('the actor is never the subject: the operator is told, and nothing is sent', () => {
  test.each<[string, (token: string, issuer: string) => string | Promise<string>]>([
    ['the very token', (token) => token],
    ['another token of the same user', (_token, iss) => actorToken({ iss, sub: 'alice', jti: 'another' })],
    ['a token of the same user that does not say whose', () => actorToken({ sub: 'alice' })],
    ['nothing', () => ''],
    ['what is not text', () => undefined as never],
  ])('%s', async (_name, actorOf) => {
    let actor: string | Promise<string> = 'none';
    const server = await servers.start({ audience, dialect: dialects.rfc8693({ actor: { token: () => actor } }) });
    const forms = answering(server.issuer);
    const token = await server.token();
    actor = actorOf(token, server.issuer.issuer);
    expect((await callTool(server.resource, token, 'order')).isError).toBe(true);
    expect(forms).toEqual([]);
    expect(server.log.text).toContain('(exchange_misconfigured)');
  });

  test('a user of the same name at another issuer is somebody else', async () => {
    const token = await actorToken({ iss: 'https://other.example', sub: 'alice' });
    const server = await servers.start({ audience, dialect: dialects.rfc8693({ actor: { token } }) });
    const forms = answering(server.issuer);
    expect((await order(server)).isError).toBeUndefined();
    expect(forms).toHaveLength(1);
  });
});

describe('what is cached is cached for the actor', () => {
  test.each<[string, () => Promise<[string, string]>, number]>([
    [
      'a new token of the same actor changes nothing',
      async () => [
        await actorToken({ iss: ISSUER, sub: 'agent', jti: '1' }),
        await actorToken({ iss: ISSUER, sub: 'agent', jti: '2' }),
      ],
      1,
    ],
    [
      'another actor gets its own',
      async () => [await actorToken({ iss: ISSUER, sub: 'agent' }), await actorToken({ iss: ISSUER, sub: 'robot' })],
      2,
    ],
    [
      'so does one of the same name at another client',
      async () => [
        await actorToken({ iss: ISSUER, sub: 'agent', client_id: 'a' }),
        await actorToken({ iss: ISSUER, sub: 'agent', azp: 'b' }),
      ],
      2,
    ],
    ['and an opaque token is an actor of its own', () => Promise.resolve(['opaque-1', 'opaque-2']), 2],
  ])('%s', async (_name, tokensOf, exchanges) => {
    const [first, second] = await tokensOf();
    let current = first;
    const dialect = dialects.keycloak({ actor: { token: () => current } });
    const server = await servers.start({ audience, dialect });
    const forms = answering(server.issuer);
    const token = await server.token();
    await callTool(server.resource, token, 'order');
    current = second;
    await callTool(server.resource, token, 'order');
    expect(forms).toHaveLength(exchanges);
  });
});

describe('RFC 8693 section 4.4: `may_act` has to name the actor, where there is one', () => {
  async function exchangeWith(actor: ActorToken, claims: Record<string, unknown>) {
    const sent: FormParameters[] = [];
    const exchange = dialects.rfc8693({ actor }).exchange({
      target: { name: 'orders', audience, resource: undefined, scopes: [], parameters: {} },
      caller: { issuer: ISSUER, subject: 'alice', claims } as never,
      subjectToken: 'subject',
      claims: undefined,
      tokenEndpoint: {
        request: (_grant, parameters) => {
          sent.push(parameters);
          return Promise.resolve({ access_token: 'a', token_type: 'bearer', issued_token_type: ACCESS_TOKEN });
        },
      },
    });
    const error = await exchange.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return { sent, error };
  }

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['by its subject', { sub: 'agent', iss: ISSUER }, { sub: 'agent' }],
    ['by its client', { sub: 'uuid', iss: ISSUER, azp: 'agent' }, { client_id: 'agent' }],
    ['by its issuer, too', { sub: 'agent', iss: ISSUER }, { sub: 'agent', iss: ISSUER }],
  ])('%s', async (_name, actor, may_act) => {
    const { sent, error } = await exchangeWith({ token: await actorToken(actor) }, { may_act });
    expect(error).toBeUndefined();
    expect(sent).toHaveLength(1);
  });

  test.each<[string, Record<string, unknown> | undefined, unknown]>([
    ['somebody else', { sub: 'agent', iss: ISSUER }, { sub: 'other' }],
    [
      'one of the same name at another issuer',
      { sub: 'agent', iss: 'https://other.example' },
      { sub: 'agent', iss: ISSUER },
    ],
    ['nobody', { sub: 'agent', iss: ISSUER }, {}],
    ['an actor whose token does not say who it is', undefined, { sub: 'agent' }],
  ])('not %s: the caller is told, and nothing is sent', async (_name, actor, may_act) => {
    const token = actor === undefined ? 'opaque' : await actorToken(actor);
    const { sent, error } = await exchangeWith({ token }, { may_act });
    expect(error).toBeInstanceOf(errors.CallerActionError);
    expect(error).toMatchObject({ code: 'caller_access_denied', remedy: undefined });
    expect(sent).toEqual([]);
  });
});
