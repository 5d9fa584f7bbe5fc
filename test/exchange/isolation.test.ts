import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { clientSecretBasic, DownstreamClient, McpAuthModule, McpTool } from 'nestjs-mcp-auth';
import { z } from 'zod';
import { callTool } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { TestApi } from '../support/test-api.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

const DOWNSTREAMS = Array.from({ length: 20 }, (_, index) => `api-${index}`);

/** Numbers that look random and are the same in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

@Injectable()
class Tools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({
    description: 'x',
    downstream: DOWNSTREAMS,
    input: z.object({ names: z.array(z.string()) }),
    exchange: 'lazy',
  })
  async ask({ names }: { names: string[] }) {
    const seen = await Promise.all(
      names.map((name) => this.downstream.for(name).json<{ subject: string; audience: string }>('/whoami')),
    );
    return { seen: seen.map(({ subject, audience }) => `${subject}@${audience}`) };
  }
}

let issuer: TestIssuer;
let api: TestApi;
let application: TestApplication;
let resource: string;

beforeAll(async () => {
  [issuer, api] = await Promise.all([TestIssuer.start(), TestApi.start()]);
  const random = numbers(7);
  issuer.answers.set('/token', async (_request, response, body) => {
    issuer.exchanges.push(Object.fromEntries(body));
    const { sub } = JSON.parse(
      Buffer.from((body.get('subject_token') ?? '').split('.')[1] ?? '', 'base64url').toString(),
    ) as { sub: string };
    const expires_in = [undefined, 1, 31, 60, 300][random(5)];
    sendJson(response, 200, {
      access_token: await issuer.token({ sub, aud: body.get('audience') }),
      token_type: 'Bearer',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      ...(expires_in !== undefined && { expires_in }),
    });
  });
  application = await startApplication({
    imports: (origin) => [
      McpAuthModule.forRoot(
        optionsFor(origin, issuer.issuer, {
          client: { id: 'mcp', authentication: clientSecretBasic('s3cret') },
          downstreams: Object.fromEntries(
            DOWNSTREAMS.map((name, index) => [
              name,
              {
                baseUrl: api.origin,
                audience: name,
                http: { circuitBreaker: false },
                cacheBy: index % 2 === 0 ? 'token' : 'session',
              } as const,
            ]),
          ),
        }),
      ),
    ],
    providers: [Tools],
  });
  resource = `${application.origin}/mcp`;
});
afterAll(async () => {
  await application.close();
  await Promise.all([issuer.close(), api.close()]);
});

/** Claims that caches of others have mixed users up by: an e-mail, a session, a name that is missing, empty or alike. */
const LOOKALIKES: readonly Record<string, unknown>[] = [
  {},
  { email: '' },
  { email: 'same@acme.example' },
  { sid: '' },
  { sid: 'same-session' },
  { sid: 'same-session', email: '' },
  { sid: null },
  { sid: 0 },
  { preferred_username: 'same', name: 'Same Name' },
  { client_id: 'other-client' },
];

interface Person {
  readonly subject: string;
  readonly claims: Record<string, unknown>;
}

const PEOPLE: readonly Person[] = Array.from({ length: 500 }, (_, index) => ({
  subject: `user-${index}`,
  claims: LOOKALIKES[index % LOOKALIKES.length] ?? {},
}));

/** As many as call at once: a slow machine, too, answers all of them before they give up. */
const GROUP = 20;
const GROUPS = Array.from({ length: PEOPLE.length / GROUP }, (_, index) => index * GROUP);

describe('500 callers, with 20 downstreams and any expiry, each act as themselves', () => {
  const random = numbers(42);
  const tokens = new Map<string, string>();

  // With the same tokens: what was kept for each is there for all.
  describe.each(['once', 'and again'])('%s', () => {
    test.each(GROUPS)('from number %d on', async (first) => {
      const answers = await Promise.all(
        PEOPLE.slice(first, first + GROUP).map(async ({ subject, claims }) => {
          const exp = Math.floor(Date.now() / 1000) + 600 + random(300);
          const token = tokens.get(subject) ?? (await issuer.token({ aud: resource, sub: subject, ...claims, exp }));
          tokens.set(subject, token);
          const names = Array.from({ length: 3 }, () => DOWNSTREAMS[random(DOWNSTREAMS.length)] ?? '');
          const { structuredContent } = await callTool(resource, token, 'ask', { names });
          return { seen: structuredContent?.seen, expected: names.map((name) => `${subject}@${name}`) };
        }),
      );
      for (const { seen, expected } of answers) expect(seen).toEqual(expected);
    });
  });
});

describe('subjects that run into one another where fields are joined without their lengths', () => {
  test.each([
    [
      { sub: 'a', sid: 'b|c' },
      { sub: 'a|b', sid: 'c' },
    ],
    [
      { sub: 'a', sid: 'bc' },
      { sub: 'ab', sid: 'c' },
    ],
    [
      { sub: '1', sid: '2' },
      { sub: '12', sid: undefined },
    ],
    [
      { sub: 'a', client_id: 'b' },
      { sub: 'a', client_id: 'b ' },
    ],
    [
      { sub: '__proto__', sid: 's' },
      { sub: 'constructor', sid: 's' },
    ],
    [
      { sub: 'é', sid: 's' },
      { sub: 'e\u0301', sid: 's' },
    ],
    [
      { sub: 'ALICE', sid: 's' },
      { sub: 'alice', sid: 's' },
    ],
  ])('%j and %j', async (one, other) => {
    for (const claims of [one, other, one]) {
      const token = await issuer.token({ aud: resource, ...claims });
      const { structuredContent } = await callTool(resource, token, 'ask', { names: ['api-0', 'api-1'] });
      expect(structuredContent?.seen).toEqual([`${claims.sub}@api-0`, `${claims.sub}@api-1`]);
    }
  });
});

test('two tokens of one session share what is kept by session, and nothing else', async () => {
  const claims = { aud: resource, sub: 'zoe', sid: 'zoe-session', scope: 'x' };
  const before = issuer.exchanges.length;
  issuer.answers.delete('/token');
  for (const token of [await issuer.token(claims), await issuer.token(claims)]) {
    await callTool(resource, token, 'ask', { names: ['api-2', 'api-3'] });
  }
  const audiences = issuer.exchanges.slice(before).map(({ audience }) => audience);
  expect(audiences.sort()).toEqual(['api-2', 'api-2', 'api-3']);
  await callTool(resource, await issuer.token({ ...claims, scope: 'x y' }), 'ask', { names: ['api-3'] });
  await callTool(resource, await issuer.token({ ...claims, acr: 'gold' }), 'ask', { names: ['api-3'] });
  expect(issuer.exchanges.slice(before)).toHaveLength(5);
});
