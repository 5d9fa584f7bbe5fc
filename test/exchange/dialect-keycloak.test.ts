import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { dialects, errors } from 'nestjs-mcp-auth';
import { callTool } from '../support/mcp-request.js';
import type { DownstreamChanges, DownstreamServer } from '../downstream/downstream-server.js';
import { recordedAnswer } from '../keycloak/recorded-answers.js';
import {
  ACCESS_TOKEN,
  answering,
  attempt,
  bootProblems,
  DialectServers,
  EXCHANGE,
  form,
  order,
  refusing,
  Watched,
} from './dialect-server.js';

const servers = new DialectServers();
const watched = new Watched(dialects.keycloak());
let server: DownstreamServer;

beforeAll(async () => {
  server = await servers.start({ audience: 'orders-api', scopes: ['orders', 'bills'], dialect: watched.dialect });
});
afterAll(() => servers.close());

const usual = {
  grant_type: EXCHANGE,
  subject_token_type: ACCESS_TOKEN,
  requested_token_type: ACCESS_TOKEN,
  audience: 'orders-api',
};

describe('the form, all of it', () => {
  test('exactly the scopes that are declared, and no resource', async () => {
    const forms = answering(server.issuer);
    const token = await server.token();
    await callTool(server.resource, token, 'order');
    expect(forms).toEqual([form({ ...usual, scope: 'orders bills', subject_token: token })]);
  });

  test('resource where there is one', async () => {
    const own = await servers.start({
      audience: 'orders-api',
      resource: 'https://orders.example',
      dialect: dialects.keycloak(),
    });
    const forms = answering(own.issuer);
    const token = await own.token();
    await callTool(own.resource, token, 'order');
    expect(forms).toEqual([form({ ...usual, resource: 'https://orders.example', subject_token: token })]);
  });

  test('with an actor', async () => {
    const dialect = dialects.keycloak({ actor: { token: 'opaque-actor' } });
    const own = await servers.start({ audience: 'orders-api', dialect });
    const forms = answering(own.issuer, async () => ({
      access_token: await own.issuer.token({ aud: 'orders-api', act: { sub: 'actor' } }),
    }));
    const token = await own.token({ act: { sub: 'agent' } });
    expect((await callTool(own.resource, token, 'order')).isError).toBeUndefined();
    const actor = { actor_token: 'opaque-actor', actor_token_type: ACCESS_TOKEN };
    expect(forms).toEqual([form({ ...usual, ...actor, subject_token: token })]);
  });
});

describe('what Keycloak answered', () => {
  test('with a token, and all that it said of it', async () => {
    const { body } = await recordedAnswer('a token');
    answering(server.issuer, () => withoutToken(body));
    expect((await order(server)).isError).toBeUndefined();
  });

  test('with a token that has no `act`, because it did not look at the actor: the API does not get it', async () => {
    const { body } = await recordedAnswer('an actor, where there is no delegation');
    const own = new Watched(dialects.keycloak({ actor: { token: 'opaque-actor' } }));
    const delegating = await servers.start({ audience: 'orders-api', dialect: own.dialect });
    answering(delegating.issuer, () => withoutToken(body));
    expect((await callTool(delegating.resource, await delegating.token(), 'order')).isError).toBe(true);
    expect(own.failure).toEqual({ status: 200, unusable: true });
    expect(delegating.orders.requests).toEqual([]);
  });

  test.each<[string, errors.TokenEndpointFailure]>([
    ['the client is not in `aud`', { status: 403, error: 'client_misconfigured' }],
    ['the user signed out', { status: 400, error: 'invalid_request' }],
    ['an administrator signed the user out', { status: 400, error: 'invalid_request' }],
    ['an administrator ended the session', { status: 400, error: 'invalid_request' }],
    ['the client revoked the token', { status: 400, error: 'invalid_request' }],
    ['the user was disabled', { status: 400, error: 'invalid_request' }],
    ['the token has expired', { status: 400, error: 'invalid_request' }],
    ['the key of the token was removed', { status: 400, error: 'invalid_request' }],
    ['a token that is bound to a key', { status: 400, error: 'invalid_request' }],
    ['an audience that no client scope has', { status: 400, error: 'invalid_request' }],
    ['an audience of an optional client scope that was not asked for', { status: 400, error: 'invalid_request' }],
    ['token exchange is off for the client', { status: 400, error: 'invalid_request' }],
    ['a missing consent', { status: 400, error: 'invalid_scope' }],
    ['a scope that the client does not have', { status: 400, error: 'invalid_scope' }],
    ['a wrong secret', { status: 401, error: 'unauthorized_client' }],
    ['the client is disabled', { status: 401, error: 'invalid_client' }],
    // These are of the API's client, although they are called `invalid_client`.
    ['an audience that is no client', { status: 400, error: 'invalid_target' }],
    ['the client of the API is disabled', { status: 400, error: 'invalid_target' }],
  ])('where it refused: %s', async (name, failure) => {
    const { status, body } = await recordedAnswer(name);
    refusing(server.issuer, status, body);
    await attempt(server);
    expect(watched.failure).toEqual(failure);
  });
});

describe('what Keycloak would refuse or lose is not sent', () => {
  test.each<[string, Record<string, unknown>]>([
    ['a token that is bound to a key (DPoP)', { cnf: { jkt: 'x' } }],
    ['a token that is bound to a certificate', { cnf: { 'x5t#S256': 'x' } }],
    ['act', { act: { sub: 'agent' } }],
    ['may_act', { may_act: { client_id: 'mcp' } }],
  ])('%s: the caller is at fault, and neither the configuration nor the sign-in', async (_name, claims) => {
    const forms = answering(server.issuer);
    const caller = { subject: 'alice', issuer: server.issuer.issuer, claims };
    const target = { name: 'orders', audience: 'orders-api', resource: undefined, scopes: [], parameters: {} };
    const asked: unknown[] = [];
    const exchange = dialects.keycloak().exchange({
      target,
      caller: caller as never,
      subjectToken: 'subject',
      claims: undefined,
      tokenEndpoint: { request: (...request) => Promise.reject(new Error(String(asked.push(request)))) },
    });
    const error = await exchange.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(errors.CallerActionError);
    expect(error).toMatchObject({ code: 'caller_access_denied', remedy: undefined, downstream: 'orders' });
    expect(asked).toEqual([]);
    expect(forms).toEqual([]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['act', { act: { sub: 'agent' } }],
    ['may_act', { may_act: { client_id: 'mcp' } }],
  ])('%s, over HTTP: an error without a challenge', async (_name, claims) => {
    const forms = answering(server.issuer);
    expect((await order(server, claims)).isError).toBe(true);
    expect(forms).toEqual([]);
  });
});

test.each<[string, DownstreamChanges, RegExp]>([
  ['no audience', { resource: 'urn:orders' }, /^`downstreams.orders` has no `audience`\. Set it to the client id/],
])('stops the boot: %s', async (_name, changes, problem) => {
  expect(await bootProblems({ ...changes, dialect: dialects.keycloak() })).toEqual([expect.stringMatching(problem)]);
});

/** A token of the test's own takes its place. */
function withoutToken({ access_token: _token, ...rest }: Readonly<Record<string, unknown>>): object {
  return rest;
}
