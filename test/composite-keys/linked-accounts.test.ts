import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { BrowserCookie } from '../../lib/on-behalf-of/linking/browser-cookie.js';
import { LinkFlow } from '../../lib/on-behalf-of/linking/link-flow.js';
import { LinkRecords, type LinkStep } from '../../lib/on-behalf-of/linking/link-records.js';
import type { ResolvedOptions } from '../../lib/options/resolved-options.js';
import { resolveReplicas } from '../../lib/replicas/replica-options.js';
import { callerLimits } from '../support/caller-limits.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';
import { optionalText, testMembers, text } from './members.js';

type Values = Readonly<Record<string, unknown>>;

const keys = [randomBytes(32)];
const ORIGIN = 'https://mcp.example';

/** The records of a server, in a store that it shares with the other one. */
function recordsOf(values: Values, store: MemoryAdapter): LinkRecords {
  return new LinkRecords(optionsOf(values, store), callerLimits());
}

function optionsOf(values: Values, store: MemoryAdapter): ResolvedOptions {
  const { server, downstream, authorizationServer, authorizationEndpoint, tokenEndpoint, client, api } = values;
  const linked = {
    issuer: authorizationServer,
    authorizationEndpoint,
    tokenEndpoint,
    client: { id: client },
    title: 'API',
  };
  const target = { name: downstream, linked, resource: api };
  return {
    resource: server,
    path: '/mcp',
    endpoint: { origin: ORIGIN },
    downstreams: new Map([[downstream, target]]),
    replicas: resolveReplicas({ keys, store }),
  } as unknown as ResolvedOptions;
}

const ownerOf = ({ issuer, subject, downstream }: Values) => ({
  issuer: String(issuer),
  subject: String(subject),
  downstream: String(downstream),
});

describe('a linked account', () => {
  const isFound = async (one: Values, other: Values): Promise<boolean> => {
    const store = new MemoryAdapter();
    const [here, there] = [recordsOf(one, store), recordsOf(other, store)];
    await here.keepAccount(ownerOf(one), { accessToken: 'a', scopes: [] });
    const isRead = (await there.findAccount(ownerOf(other))) !== undefined;
    await there.keepAccount(ownerOf(other), { accessToken: 'b', scopes: [] });
    // Nor does it take the place of the first.
    return isRead || (await here.findAccount(ownerOf(one)))?.accessToken !== 'a';
  };
  const ofTarget = {
    authorizationServer: optionalText,
    authorizationEndpoint: optionalText,
    tokenEndpoint: optionalText,
    client: text,
    api: optionalText,
  };
  testMembers(
    { server: text, issuer: text, subject: text, downstream: text, ...ofTarget },
    (values) => values,
    isFound,
  );
});

const step = (values: Values, kind: LinkStep['kind'] = 'authorization', browser = ''): LinkStep => ({
  kind,
  requestId: 'request-of-the-user',
  request: { ...ownerOf(values), identity: 'alice' },
  browser,
  codeVerifier: 'v',
});

describe('a browser that was sent away', () => {
  const isKnown = async (one: Values, other: Values): Promise<boolean> => {
    const store = new MemoryAdapter();
    const [here, there] = [recordsOf(one, store), recordsOf(other, store)];
    await here.keepStep(String(one.state), step({}));
    const isTaken = (await there.takeStep(String(other.state))) !== undefined;
    await there.keepStep(String(other.state), step({}, 'sign-in'));
    // Nor does it take the place of the first.
    return isTaken || (await here.takeStep(String(one.state)))?.kind !== 'authorization';
  };
  testMembers({ server: text, state: text }, (values) => values, isKnown);
});

describe('a request for a link', () => {
  test('is one of its server alone', async () => {
    const store = new MemoryAdapter();
    const id = await recordsOf({ server: 'wiki' }, store).openRequest(step({}).request);
    expect(await recordsOf({ server: 'payroll' }, store).findRequest(id)).toBeUndefined();
    expect(await recordsOf({ server: 'wiki' }, store).findRequest(id)).toBeDefined();
  });
});

describe('a browser that comes back from the authorization server of an API', () => {
  /** What is asked for a token. The partner takes every code. */
  const redeemed: string[] = [];
  const linked: string[] = [];
  afterEach(() => {
    redeemed.length = 0;
    linked.length = 0;
  });

  /** Whether an account is linked where the browser comes back to. */
  async function isLinked(
    { kind, downstream, state }: { kind: LinkStep['kind']; downstream: string; state: string },
    at: string,
    query: URLSearchParams,
    isSameBrowser = true,
  ): Promise<boolean> {
    const options = optionsOf({ server: `${ORIGIN}/mcp`, downstream: at }, new MemoryAdapter());
    const all = new Map<string, unknown>([
      ...options.downstreams,
      [downstream, { name: downstream, linked: { title: 'Other' } }],
    ]);
    const records = new LinkRecords({ ...options, downstreams: all } as never, callerLimits());
    const cookie = new BrowserCookie(ORIGIN, 'request-of-the-user').issue();
    await records.keepStep(state, step({ downstream }, kind, isSameBrowser ? cookie.hash : 'another'));
    const quiet = new Proxy({}, { get: () => () => undefined }) as never;
    const servers = {
      redeem: (_owner: unknown, target: { name: string }) => {
        redeemed.push(target.name);
        return Promise.resolve({ accessToken: 'a', scopes: [] });
      },
    };
    const accounts = { replace: (owner: { downstream: string }) => Promise.resolve(linked.push(owner.downstream)) };
    const flow = new LinkFlow(
      { ...options, downstreams: all } as never,
      records,
      quiet,
      servers as never,
      accounts as never,
      quiet,
      quiet,
    );
    const [cookies = ''] = cookie.header.split(';');
    await flow.finishAuthorization(at, { query, cookies });
    return linked.length > 0;
  }

  const query = (state: string) => new URLSearchParams({ code: 'c', state });

  test('links the account where all is as it was begun', async () => {
    expect(await isLinked({ kind: 'authorization', downstream: 'crm', state: 's' }, 'crm', query('s'))).toBe(true);
    expect([redeemed, linked]).toEqual([['crm'], ['crm']]);
  });

  test.each<[string, Parameters<typeof isLinked>]>([
    [
      'at the redirect URI of another API',
      [{ kind: 'authorization', downstream: 'crm', state: 's' }, 'erp', query('s')],
    ],
    ['from the sign-in', [{ kind: 'sign-in', downstream: 'crm', state: 's' }, 'crm', query('s')]],
    ['with another state', [{ kind: 'authorization', downstream: 'crm', state: 's' }, 'crm', query('t')]],
    ['as another browser', [{ kind: 'authorization', downstream: 'crm', state: 's' }, 'crm', query('s'), false]],
  ])('%s links nothing, and no code is sent to anyone', async (_what, [begun, at, asked, isSameBrowser]) => {
    expect(await isLinked(begun, at, asked, isSameBrowser)).toBe(false);
    expect(redeemed).toEqual([]);
  });
});
