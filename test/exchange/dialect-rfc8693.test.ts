import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { dialects } from 'nestjs-mcp-auth';
import { callTool } from '../support/mcp-request.js';
import type { DownstreamChanges, DownstreamServer } from '../downstream/downstream-server.js';
import {
  ACCESS_TOKEN,
  answering,
  bootProblems,
  DialectServers,
  EXCHANGE,
  form,
  JWT,
  order,
  testRefusals,
  Watched,
} from './dialect-server.js';

const audience = 'orders-api';
const servers = new DialectServers();

describe('the form, all of it', () => {
  afterEach(() => servers.close());

  const usual = {
    grant_type: EXCHANGE,
    subject_token_type: ACCESS_TOKEN,
    requested_token_type: ACCESS_TOKEN,
  };

  test.each<[string, DownstreamChanges, Record<string, string | string[]>]>([
    ['by audience', { audience }, { ...usual, audience }],
    ['by resource', { audience: undefined, resource: 'urn:orders' }, { ...usual, resource: 'urn:orders' }],
    [
      'by both, with scopes and parameters of its own',
      { audience, resource: 'urn:orders', scopes: ['read', 'write'], parameters: { tenant: ['a', 'b'], x: 'y' } },
      { ...usual, audience, resource: 'urn:orders', scope: 'read write', tenant: ['a', 'b'], x: 'y' },
    ],
    [
      'for several, each of them repeated',
      { audience: ['orders-api', 'stock-api'], resource: ['urn:orders', 'urn:stock'] },
      { ...usual, audience: ['orders-api', 'stock-api'], resource: ['urn:orders', 'urn:stock'] },
    ],
    [
      'with other names, as some servers have them',
      {
        audience,
        resource: 'urn:orders',
        scopes: ['read'],
        dialect: dialects.rfc8693({
          parameterNames: { audience: 'target', resource: 'resource_server', scope: 'permissions' },
        }),
      },
      { ...usual, target: audience, resource_server: 'urn:orders', permissions: 'read' },
    ],
    [
      'without requested_token_type, of another subject_token_type',
      { audience, dialect: dialects.rfc8693({ requestedTokenType: false, subjectTokenType: JWT }) },
      { grant_type: EXCHANGE, subject_token_type: JWT, audience },
    ],
  ])('%s', async (_name, changes, expected) => {
    const server = await servers.start(changes);
    const forms = answering(server.issuer);
    const token = await server.token();
    const result = await callTool(server.resource, token, 'order');
    expect(result.structuredContent).toMatchObject({ subject: 'alice' });
    expect(forms).toEqual([form({ ...expected, subject_token: token })]);
  });

  test('another requested_token_type is what has to be issued', async () => {
    const server = await servers.start({ audience, dialect: dialects.rfc8693({ requestedTokenType: JWT }) });
    const forms = answering(server.issuer, () => ({ issued_token_type: JWT }));
    expect((await order(server)).isError).toBeUndefined();
    expect(forms[0]).toContainEqual(['requested_token_type', JWT]);
  });
});

describe('what comes back', () => {
  const watched = new Watched(dialects.rfc8693());
  let server: DownstreamServer;

  beforeAll(async () => {
    server = await servers.start({ audience, dialect: watched.dialect });
  });
  afterAll(() => servers.close());

  test.each<[string, object]>([
    ['an ID token', { issued_token_type: 'urn:ietf:params:oauth:token-type:id_token', token_type: 'N_A' }],
    ['a refresh token', { issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }],
    ['no issued_token_type', { issued_token_type: undefined }],
    ['issued_token_type of another case', { issued_token_type: ACCESS_TOKEN.toUpperCase() }],
    ['no token_type', { token_type: undefined }],
    ['N_A', { token_type: 'N_A' }],
    ['mac', { token_type: 'mac' }],
    ['a token with a line break', { access_token: 'a\r\nb' }],
    ['no token', { access_token: undefined }],
  ])('is refused: %s', async (_name, change) => {
    answering(server.issuer, () => change);
    const before = server.orders.requests.length;
    expect((await order(server)).isError).toBe(true);
    expect(watched.failure).toMatchObject({ status: 200, unusable: true });
    expect(server.orders.requests).toHaveLength(before);
  });

  test.each(['bearer', 'BEARER'])('is taken: %s', async (token_type) => {
    answering(server.issuer, () => ({ token_type }));
    expect((await order(server)).isError).toBeUndefined();
  });

  testRefusals(() => server, watched, [
    [
      'RFC 8693 section 2.2.2: the subject token is not acceptable',
      400,
      { error: 'invalid_request', error_description: 'the subject token is not acceptable' },
      { status: 400, error: 'invalid_request' },
    ],
    [
      'RFC 8707 section 2: the target is not known',
      400,
      { error: 'invalid_target' },
      { status: 400, error: 'invalid_target' },
    ],
    ['RFC 6749 section 5.2: the client', 401, { error: 'invalid_client' }, { status: 401, error: 'invalid_client' }],
    [
      'PingOne: the grant is not for this application',
      400,
      { error: 'unauthorized_client', error_description: 'Unsupported grant type', correlation_id: 'x' },
      { status: 400, error: 'unauthorized_client' },
    ],
    [
      'PingFederate: the session behind the token is over',
      400,
      { error: 'invalid_grant', error_description: 'token not found, expired or invalid' },
      { status: 400, error: 'invalid_grant' },
    ],
    ['what is not an error code', 400, { error: 'two words\n' }, { status: 400 }],
  ]);
});

describe('stops the boot', () => {
  const names = (parameterNames: object) => ({ audience, dialect: dialects.rfc8693({ parameterNames }) });

  test.each<[string, DownstreamChanges, RegExp]>([
    ['without a target', { dialect: dialects.rfc8693() }, /names no target\. Set `audience` or `resource`/],
    ['with an empty list of audiences', { audience: [] }, /`downstreams.orders.audience` is an empty list/],
    ['with an empty audience', { audience: ['a', ''] }, /`downstreams.orders.audience\[1\]` is empty/],
    [
      'with a resource that is no URI',
      { resource: ['urn:a', 'b'] },
      /`downstreams.orders.resource\[1\]` is not an absolute/,
    ],
    ['with a reserved name', names({ audience: 'subject_token' }), /`parameterNames.audience` is "subject_token"/],
    ['with names that change places', names({ audience: 'resource', resource: 'audience' }), /has another meaning/],
    ['with an empty name', names({ scope: '' }), /`parameterNames.scope` is ""/],
    ['with one name for two', names({ audience: 'target', resource: 'target' }), /one name for two/],
    ...[
      ...['grant_type', 'subject_token', 'subject_token_type', 'actor_token', 'actor_token_type', 'assertion'],
      ...['client_id', 'client_secret', 'client_assertion', 'client_assertion_type', 'requested_token_type'],
      ...['requested_token_use', 'audience', 'resource', 'scope', 'claims', 'requested_subject', 'requested_issuer'],
      ...['requested_actor', 'subject_issuer', 'act', 'may_act', 'connection', 'login_hint', 'refresh_token', 'code'],
      ...['device_code', 'username', 'password'],
    ].map((name): [string, DownstreamChanges, RegExp] => [
      `with the parameter ${name}`,
      { audience, parameters: { [name]: 'x' } },
      /parameters` has one that is reserved/,
    ]),
  ])('%s', async (_name, changes, problem) => {
    const problems = await bootProblems(changes);
    expect(problems.join('\n')).toMatch(problem);
    expect(problems.every((text) => text.startsWith('`downstreams.orders'))).toBe(true);
  });

  test('and nothing else does', async () => {
    expect(await bootProblems({ audience, parameters: { organization: 'acme' } })).toEqual([]);
  });
});
