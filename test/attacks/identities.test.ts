import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpAuthModule, McpTool, type McpContext } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { CLIENT } from '../introspection/introspecting-server.js';
import { optionsFor } from '../support/module-options.js';
import { post } from '../support/mcp-request.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

type Claims = Record<string, unknown>;

@Injectable()
class Tools {
  @McpTool({ description: 'x', appOnly: 'deny' })
  ofUsers(_input: unknown, { caller }: McpContext): string {
    return `done for ${caller?.subject ?? ''}`;
  }
  @McpTool({ description: 'x', task: true })
  payroll(): string {
    return 'the secret result';
  }
  @McpTool({ description: 'x' })
  async pay(_input: unknown, context: McpContext): Promise<string> {
    const { action } = await context.elicit('Sure?', z.object({ sure: z.boolean() }));
    return action;
  }
}

interface Reply {
  readonly status: number;
  readonly text: string;
  readonly result?: { readonly taskId?: string; readonly requestState?: string; readonly inputRequests?: object };
}

/** Tokens of applications, as providers write them, at an issuer of which nothing is known but its name. */
const APPLICATIONS: readonly (readonly [name: string, claims: Claims])[] = [
  ['RFC 9068: the subject is the client', { sub: 'svc', client_id: 'svc' }],
  ['a second claim for the client is the subject', { sub: 'svc', client_id: 'other', azp: 'svc' }],
  ['Okta', { sub: 'svc', client_id: undefined, cid: 'svc' }],
  ['Cognito', { sub: 'svc', client_id: 'svc', token_use: 'access' }],
  ['Entra ID with idtyp', { client_id: undefined, azp: 'app', idtyp: 'app', tid: 't', oid: 'sp', sub: 'sp' }],
  ['Entra ID without idtyp', { client_id: undefined, azp: 'app', tid: 't', oid: 'sp', sub: 'sp', roles: ['x'] }],
  ['Entra ID, version 1', { client_id: undefined, appid: 'app', tid: 't', oid: 'sp', sub: 'sp', ver: '1.0' }],
  ['Auth0', { sub: 'svc@clients', client_id: undefined, azp: 'svc', gty: 'client-credentials' }],
  ['Auth0 in the profile of RFC 9068', { sub: 'svc@clients', client_id: 'svc' }],
  ['FusionAuth', { sub: 'entity', client_id: 'svc', gty: ['client_credentials'] }],
  ['UAA', { sub: 'entity', client_id: 'svc', grant_type: 'client_credentials' }],
  ['WSO2', { sub: 'owner', client_id: 'svc', aut: 'APPLICATION' }],
  ['a service account of Kubernetes', { sub: 'system:serviceaccount:prod:batch', client_id: undefined }],
  ['a workload without a client', { sub: 'repo:acme/app:ref:refs/heads/main', client_id: undefined }],
  ['a workload of SPIFFE', { sub: 'spiffe://acme.example/batch', client_id: undefined }],
  ['Keycloak by its grant', { client_id: undefined, azp: 'svc', sub: 'uuid', jti: 'trrtcc:1', typ: 'Bearer' }],
  ['Keycloak, a light one', { client_id: undefined, azp: 'svc', sub: 'uuid', jti: 'trltcc:1', typ: 'Bearer' }],
  ['Keycloak after an exchange', { client_id: undefined, azp: 'svc', sub: 'uuid', jti: 'trrtte:1', typ: 'Bearer' }],
  ['Keycloak by its name', { azp: 'svc', sub: 'uuid', preferred_username: 'service-account-svc', sid: 's' }],
  ['Keycloak by its host', { azp: 'svc', sub: 'uuid', clientHost: '10.0.0.7', sid: 's' }],
  ['Keycloak by its address', { azp: 'svc', sub: 'uuid', clientAddress: '10.0.0.7', sid: 's' }],
  ['Keycloak before version 26, without a session', { client_id: undefined, azp: 'svc', sub: 'uuid', typ: 'Bearer' }],
];

const USERS: readonly (readonly [name: string, claims: Claims])[] = [
  ['RFC 9068', {}],
  ['RFC 9068, of an unknown provider', { sub: '248289761001', client_id: 's6BhdRkqt3', scope: 'openid', roles: ['x'] }],
  ['Okta', { client_id: undefined, cid: 'app', uid: 'u', scp: ['orders:read'], sub: 'alice@acme.example' }],
  ['Cognito', { sub: 'uuid', client_id: 'app', token_use: 'access', username: 'alice', auth_time: 1 }],
  ['Entra ID', { client_id: undefined, azp: 'app', tid: 't', oid: 'o', sub: 'pairwise', scp: 'orders:read' }],
  ['Auth0', { client_id: undefined, azp: 'app', sub: 'auth0|1', gty: 'password' }],
  [
    'FusionAuth',
    { sub: 'uuid', client_id: undefined, applicationId: 'app', auth_time: 1, gty: ['authorization_code'] },
  ],
  ['WSO2', { sub: 'alice', client_id: 'app', aut: 'APPLICATION_USER' }],
  ['Keycloak', { client_id: undefined, azp: 'app', sub: 'uuid', jti: 'onrtac:1', sid: 's', typ: 'Bearer' }],
  ['Keycloak offline', { client_id: undefined, azp: 'app', sub: 'uuid', jti: 'ofrtrt:1', typ: 'Bearer' }],
  ['Keycloak by assertion', { client_id: undefined, azp: 'app', sub: 'uuid', jti: 'trrtag:1', typ: 'Bearer' }],
  ['Keycloak before version 26', { client_id: undefined, azp: 'app', sub: 'uuid', sid: 's', typ: 'Bearer' }],
  ['Keycloak before version 19', { client_id: undefined, azp: 'app', sub: 'uuid', session_state: 's', typ: 'Bearer' }],
  ['a sign-in, and no client', { client_id: undefined, sub: 'alice', amr: ['pwd'] }],
];

/** Callers that are not the same, however alike they look. Each pair is of one client. */
const ALIKE: readonly (readonly [name: string, one: Claims, other: Claims])[] = [
  ['in capitals', { sub: 'alice' }, { sub: 'ALICE' }],
  ['with a space', { sub: 'alice' }, { sub: 'alice ' }],
  ['composed and decomposed', { sub: 'Zo\u00eb' }, { sub: 'Zoe\u0308' }],
  ['with a lookalike', { sub: 'alice' }, { sub: '\u0430lice' }],
  ['in full width', { sub: 'alice' }, { sub: '\uff41lice' }],
  ['with a zero-width space', { sub: 'alice' }, { sub: 'ali\u200bce' }],
  ['with a zero byte behind it', { sub: 'alice' }, { sub: 'alice\u0000' }],
  ['with German letters', { sub: 'stra\u00dfe' }, { sub: 'strasse' }],
  ['with the client in it', { sub: 'a', client_id: 'b","c' }, { sub: 'a","b', client_id: 'c' }],
  ['with colons', { sub: 'a:b', client_id: 'c' }, { sub: 'a', client_id: 'b:c' }],
];

describe.each(['express', 'fastify'] as const)('who a token stands for, on %s', (platform) => {
  let app: TestApplication;
  let plain: TestIssuer;
  let realm: TestIssuer;
  let opaque: TestIssuer;
  let named: TestIssuer;
  /** What introspection says of a token. */
  const answers = new Map<string, Claims>();
  const resource = () => `${app.origin}/mcp`;

  beforeAll(async () => {
    [plain, realm] = [await TestIssuer.start(), await TestIssuer.start('/realms/acme')];
    [opaque, named] = [await TestIssuer.start(), await TestIssuer.start()];
    const introspecting = ({ issuer, origin }: TestIssuer, tokens: RegExp, subjectClaim: 'sub' | 'username') => ({
      issuer,
      introspection: { client: CLIENT, endpoint: `${origin}/introspect`, tokens, subjectClaim },
    });
    app = await startApplication({
      platform,
      providers: [Tools],
      imports: (origin) => [
        McpAuthModule.forRoot(
          optionsFor(origin, plain.issuer, {
            issuers: [
              { issuer: plain.issuer },
              { issuer: realm.issuer },
              introspecting(opaque, /^opaque-/, 'sub'),
              introspecting(named, /^named-/, 'username'),
            ],
          }),
        ),
      ],
    });
    for (const { answers: routes } of [opaque, named]) {
      routes.set('/introspect', (_request, response, body) => {
        const exp = Math.floor(Date.now() / 1000) + 300;
        const answer = { active: true, client_id: 'test-client', aud: resource(), exp };
        sendJson(response, 200, { ...answer, ...answers.get(body.get('token') ?? '') });
      });
    }
  });
  afterAll(async () => {
    await app.close();
    await Promise.all([plain, realm, opaque, named].map((issuer) => issuer.close()));
  });

  const issue = async (claims: Claims, issuer = plain) => await issuer.token({ aud: resource(), ...claims });

  function say(token: string, claims: Claims): string {
    answers.set(token, claims);
    return token;
  }

  async function ask(token: string, method: string, params: Record<string, unknown>): Promise<Reply> {
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {
        elicitation: { form: {} },
        extensions: { 'io.modelcontextprotocol/tasks': {} },
      },
    };
    const body = { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } };
    const headers = { 'mcp-name': (params.taskId ?? params.name) as string };
    const response = await post(resource(), body, { token, headers });
    const text = await response.text();
    return { status: response.status, text, ...(JSON.parse(text) as Pick<Reply, 'result'>) };
  }

  const call = async (token: string, name: string, rest: object = {}) =>
    await ask(token, 'tools/call', { name, arguments: {}, ...rest });

  async function expectNoUser(token: string): Promise<void> {
    const { text } = await call(token, 'of_users');
    expect(text).toContain('the token has no user');
    expect(text).not.toContain('done');
  }

  /** What one has begun the other neither sees nor goes on with. */
  async function expectStrangers(one: string, other: string): Promise<void> {
    const { result: task } = await call(one, 'payroll');
    const taskId = task?.taskId ?? '';
    let found = await ask(one, 'tasks/get', { taskId });
    while (found.text.includes('"working"')) found = await ask(one, 'tasks/get', { taskId });
    expect(found.text).toContain('the secret result');
    expect((await ask(other, 'tasks/get', { taskId })).text).toContain('Unknown task');

    const { result: asked } = await call(one, 'pay');
    const { requestState = '', inputRequests = {} } = asked ?? {};
    const inputResponses = Object.fromEntries(
      Object.keys(inputRequests).map((key) => [key, { action: 'accept', content: { sure: true } }]),
    );
    const goOn = { requestState, inputResponses };
    expect((await call(other, 'pay', goOn)).text).toContain('Invalid or expired requestState');
    expect((await call(one, 'pay', goOn)).text).toContain('accept');
  }

  describe('no user, at an issuer of which nothing is known but its name', () => {
    test.each(APPLICATIONS)('%s', async (_name, claims) => {
      await expectNoUser(await issue(claims, realm));
    });
  });

  describe('a user, at an issuer of which nothing is known but its name', () => {
    test.each(USERS)('%s', async (_name, claims) => {
      expect((await call(await issue(claims, realm), 'of_users')).text).toContain('done for');
    });
  });

  describe('callers that look alike are strangers', () => {
    test.each(ALIKE)('%s', async (_name, one, other) => {
      await expectStrangers(await issue(one), await issue(other));
    });

    test('at two issuers', async () => {
      await expectStrangers(await issue({ sub: 'alice' }), await issue({ sub: 'alice' }, realm));
    });

    test('at an issuer that introspects, and at one that signs', async () => {
      await expectStrangers(await issue({ sub: 'alice' }), say('opaque-alice', { sub: 'alice' }));
    });
  });

  test.each(['\ud800', 'alice\udc00', '\udc00\ud800'])('a subject of half a character is none: %j', async (sub) => {
    expect((await call(say(`opaque-${sub.length}-half`, { sub }), 'pay')).status).toBe(401);
    answers.clear();
  });

  describe('introspection without `sub`', () => {
    test('alice and bob of one client are strangers, and no users', async () => {
      const [alice, bob] = [say('opaque-1', { username: 'alice' }), say('opaque-2', { username: 'bob' })];
      await expectStrangers(alice, bob);
      for (const token of [alice, bob]) await expectNoUser(token);
    });

    test('nor does the client itself get what is of one of them', async () => {
      await expectStrangers(say('opaque-3', {}), say('opaque-4', { gty: 'client-credentials' }));
      await expectStrangers(say('opaque-3', {}), await issue({ sub: 'test-client' }, opaque));
    });

    test('an application that is marked is the client, with any of its tokens', async () => {
      const marked = { gty: 'client-credentials' };
      const { result } = await call(say('opaque-5', marked), 'payroll');
      const later = await ask(say('opaque-6', marked), 'tasks/get', { taskId: result?.taskId ?? '' });
      expect(later.text).toContain(result?.taskId);
      await expectNoUser('opaque-5');
    });

    test('with a client that is no text, or none, it is refused', async () => {
      for (const client_id of [undefined, '', 7, null])
        expect((await call(say(`opaque-${String(client_id)}`, { client_id }), 'pay')).status).toBe(401);
    });
  });

  describe('introspection by `username`, where that is said', () => {
    test('alice is a user, with any of her tokens, and bob a stranger', async () => {
      const [one, two] = [say('named-1', { username: 'alice' }), say('named-2', { username: 'alice' })];
      expect((await call(one, 'of_users')).text).toContain('done for alice');
      const { result } = await call(one, 'payroll');
      expect((await ask(two, 'tasks/get', { taskId: result?.taskId ?? '' })).text).toContain(result?.taskId);
      await expectStrangers(one, say('named-3', { username: 'bob' }));
    });

    test('`sub` is not mixed in: whoever is called like the subject of another is a stranger', async () => {
      const [one, two] = [say('named-4', { username: 'alice' }), say('named-5', { sub: 'alice' })];
      await expectStrangers(one, two);
      await expectNoUser(two);
    });

    test('a name that is the client, or a service account of Keycloak, is no user', async () => {
      await expectNoUser(say('named-6', { username: 'test-client' }));
      await expectNoUser(say('named-7', { username: 'service-account-test-client' }));
    });
  });
});
