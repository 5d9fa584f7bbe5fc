import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import {
  clientSecretBasic,
  dialects,
  DownstreamClient,
  McpAuthModule,
  McpTool,
  type AuditEvent,
  type IssuerOptions,
} from 'nestjs-mcp-auth';
import { optionsFor } from '../support/module-options.js';
import { callTool, post, toolCall } from '../support/mcp-request.js';
import { TestApi } from '../support/test-api.js';
import { startApplication, type Platform, type TestApplication } from '../support/test-application.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

type Claims = Record<string, unknown>;

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'orders', server: 'first' })
  async order() {
    await this.downstream.json('/orders/1');
    return 'found';
  }
  @McpTool({ description: 'x' })
  whoami(): string {
    return 'somebody';
  }
}

const CLIENT = { id: 'mcp-server', authentication: clientSecretBasic('secret') };
const EXCHANGED = { client_id: 'agent', act: undefined };

/** How issuers write down who has got a token by exchange. */
const MARKED: readonly (readonly [name: string, claims: Claims])[] = [
  ['client_id', { client_id: 'mcp-server' }],
  ['azp', { client_id: undefined, azp: 'mcp-server' }],
  ['azp beside another client', { client_id: 'agent', azp: 'mcp-server' }],
  ['appid', { client_id: undefined, appid: 'mcp-server' }],
  ['cid', { client_id: undefined, cid: 'mcp-server' }],
  ['the subject of act', { act: { sub: 'mcp-server' } }],
  ['the client of act', { act: { client_id: 'mcp-server', sub: 'someone' } }],
  ['act with others before it', { act: { sub: 'mcp-server', act: { sub: 'agent' } } }],
  ['client_id, of its own grant', { client_id: 'mcp-server', sub: 'mcp-server' }],
  ['client_id of a client at the authorization server of an API', { client_id: 'mcp-at-partner' }],
  ['client_id of the other server', { client_id: 'second-server' }],
  ['act of the other server', { act: { sub: 'second-server' } }],
];

describe.each(['express', 'fastify'] as const)('what a server has got for itself, on %s', (platform) => {
  let issuer: TestIssuer;
  let other: TestIssuer;
  let api: TestApi;
  let app: TestApplication;
  let replica: TestApplication;
  const events: AuditEvent[] = [];

  async function serve(on: Platform, trust: Partial<IssuerOptions> = {}): Promise<TestApplication> {
    const authorizationServer = { issuer: issuer.issuer, client: { ...CLIENT, id: 'mcp-at-partner' } };
    return await startApplication({
      platform: on,
      providers: [Tools],
      imports: (origin) => {
        const issuers = [{ issuer: issuer.issuer, ...trust }, { issuer: other.issuer }];
        const common = {
          issuers,
          observability: { auditSink: { record: (event: AuditEvent) => void events.push(event) } },
        };
        return [
          McpAuthModule.forRoot(
            optionsFor(origin, '', {
              ...common,
              server: { name: 'first', version: '1.0.0' },
              resource: `${origin}/first`,
              client: { ...CLIENT, issuer: issuer.issuer },
              downstreams: {
                orders: { baseUrl: api.origin, audience: 'orders' },
                partner: {
                  baseUrl: api.origin,
                  audience: 'x',
                  dialect: dialects.clientCredentials({ authorizationServer }),
                },
              },
            }),
          ),
          McpAuthModule.forRoot(
            optionsFor(origin, '', {
              ...common,
              server: { name: 'second', version: '1.0.0' },
              resource: `${origin}/second`,
              client: { ...CLIENT, id: 'second-server', issuer: issuer.issuer },
              downstreams: { orders: { baseUrl: api.origin, audience: 'orders' } },
            }),
          ),
        ];
      },
    });
  }

  const resourcesOf = ({ origin }: TestApplication) => [`${origin}/first`, `${origin}/second`];

  beforeAll(async () => {
    [issuer, other, api] = await Promise.all([TestIssuer.start(), TestIssuer.start(), TestApi.start()]);
    [app, replica] = [await serve(platform), await serve(platform)];
  });
  afterAll(async () => {
    await Promise.all([app.close(), replica.close()]);
    await Promise.all([issuer.close(), other.close(), api.close()]);
  });

  /** What the API gets, where the issuer answers the exchange with a token of these claims, good for all servers. */
  async function exchange(claims: Claims): Promise<string> {
    const aud = ['orders', ...resourcesOf(app), ...resourcesOf(replica)];
    issuer.answers.set('/token', async (_request, response) => {
      sendJson(response, 200, {
        access_token: await issuer.token({ aud, ...EXCHANGED, ...claims }),
        token_type: 'Bearer',
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      });
    });
    const [first = ''] = resourcesOf(app);
    const result = await callTool(first, await issuer.token({ aud: first }), 'order');
    expect(result.isError).toBeUndefined();
    return (api.last.headers.authorization ?? '').replace('Bearer ', '');
  }

  async function statusesOf(token: string, at: TestApplication): Promise<number[]> {
    const calls = resourcesOf(at).map(async (resource) => await post(resource, toolCall('whoami'), { token }));
    return (await Promise.all(calls)).map(({ status }) => status);
  }

  test.each(MARKED)('is refused by both servers and by a replica, by %s', async (_name, claims) => {
    const token = await exchange(claims);
    events.length = 0;
    expect([await statusesOf(token, app), await statusesOf(token, replica)]).toEqual([
      [401, 401],
      [401, 401],
    ]);
    expect(events.map(({ type }) => type)).toEqual(Array(4).fill('token_rejected'));
    for (const event of events) expect(event).toMatchObject({ fix: expect.stringContaining('`acceptOwnTokens`') });
  });

  test('is refused by a replica where the actor is said to be one of the issuer, and not where it is one of another', async () => {
    const actor = { sub: 'mcp-server' };
    expect(await statusesOf(await exchange({ act: { ...actor, iss: issuer.issuer } }), replica)).toEqual([401, 401]);
    expect(await statusesOf(await exchange({ act: { ...actor, iss: other.issuer } }), replica)).toEqual([200, 200]);
  });

  test('is refused where nothing marks it, by the process that has got it', async () => {
    const token = await exchange({});
    expect(await statusesOf(token, app)).toEqual([401, 401]);
  });

  test('is accepted where the issuer may do that', async () => {
    const lax = await serve(platform, { acceptOwnTokens: true });
    const token = await issuer.token({ aud: resourcesOf(lax), client_id: 'mcp-server', act: { sub: 'mcp-server' } });
    expect(await statusesOf(token, lax)).toEqual([200, 200]);
    await lax.close();
  });

  test.each<[string, () => TestIssuer, Claims]>([
    ['of a client that is called the same at another issuer', () => other, { client_id: 'mcp-server' }],
    ['of a client that is called alike', () => issuer, { client_id: 'MCP-server' }],
    [
      'in which the server acted before somebody else',
      () => issuer,
      { act: { sub: 'api', act: { sub: 'mcp-server' } } },
    ],
    [
      'in which somebody of another issuer acts',
      () => issuer,
      { act: { sub: 'mcp-server', iss: 'https://x.example' } },
    ],
    ['whose user is called like the client', () => issuer, { sub: 'mcp-server', client_id: 'agent' }],
  ])('a token %s is somebody else’s', async (_name, from, claims) => {
    const token = await from().token({ aud: resourcesOf(app), ...EXCHANGED, ...claims });
    expect(await statusesOf(token, app)).toEqual([200, 200]);
  });

  test('an issuer that answers an exchange with the same token takes nothing from the caller', async () => {
    const [first = ''] = resourcesOf(app);
    const token = await issuer.token({ aud: [first, 'orders'] });
    issuer.answers.set('/token', (_request, response) => {
      sendJson(response, 200, {
        access_token: token,
        token_type: 'Bearer',
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      });
    });
    for (let call = 0; call < 2; call += 1) expect((await callTool(first, token, 'order')).isError).toBeUndefined();
  });
});
