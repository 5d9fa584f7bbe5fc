import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { clientSecretBasic, McpTool, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { CallerLimits } from '../../lib/limits/caller-limits.js';
import { limitsSchema, resolveLimits } from '../../lib/limits/limit-options.js';
import { QUANTITIES, type Quantity } from '../../lib/limits/quantity.js';
import { Browser } from '../linking/browser.js';
import { Parties, type LinkedServer } from '../linking/linked-server.js';
import { Telemetry } from '../observability/telemetry.js';
import { proofOf } from '../proof/bound-client.js';
import { ProofClient } from '../proof/proof-client.js';
import { send } from '../proof/send.js';
import { callTool, toolCall } from '../support/mcp-request.js';
import { MemoryAdapter } from '../token-cache/memory-adapter.js';
import { SharedServer } from './shares.js';

/** Whatever the server holds for callers has a default, two options, a line in the docs, metrics, and a way to be asked. */

@Injectable()
class Reaching {
  @McpTool({ description: 'x', downstream: 'api' })
  reach(): string {
    return 'reached';
  }
}

@Injectable()
class Deals {
  @McpTool({ description: 'x', downstream: 'deals' })
  deals(): string {
    return 'none';
  }
}

interface Servers {
  readonly shared: SharedServer;
  readonly linked: LinkedServer;
  readonly client: ProofClient;
}

type Name = 'attacker' | 'victim';

/** Who they are where users sign in. */
const USERS = { attacker: 'alice', victim: 'bob' };

/** What is different for a quantity: one that others need more of, or one that needs a caller of its own. */
const CAPS: Partial<Record<Quantity, readonly [perCaller: number, inAll: number]>> = {
  callsInFlight: [6, 9],
  linkedAccounts: [1, 1],
};

const capsOf = (quantity: Quantity) => CAPS[quantity] ?? [2, 3];

const tokenOf = async ({ shared: { server } }: Servers, sub: Name, claims: Record<string, unknown> = {}) =>
  await server.token('', { sub, client_id: 'client', jti: randomUUID(), ...claims });

/** How a caller takes one more of each over HTTP, whatever becomes of it. */
const TAKE: Readonly<Record<Quantity, (servers: Servers, name: Name, index: number) => Promise<unknown>>> = {
  callsInFlight: async ({ shared }, name) => await shared.startCall(name),
  streams: async ({ shared }, name) => await shared.openStream(name),
  subscriptions: async ({ shared }, name, index) =>
    await shared.askAsBefore(name, shared.session(), 'resources/subscribe', { uri: `news://${index}` }),
  conversations: async ({ shared }, name) =>
    await shared.askAsBefore(name, shared.session(), 'logging/setLevel', { level: 'error' }),
  openQuestions: async ({ shared }, name) => {
    const abort = new AbortController();
    shared.keepOpen(abort);
    const { body } = await shared.askAsBefore(name, shared.session(), 'tools/call', { name: 'ask' }, abort.signal);
    await (body as ReadableStream<Uint8Array>).getReader().read();
  },
  openStates: async ({ shared }, name) => await shared.ask(name, 'tools/call', { name: 'ask', arguments: {} }),
  runningTasks: async ({ shared }, name) => await shared.ask(name, 'tools/call', { name: 'wait', arguments: {} }),
  keptTasks: async ({ shared }, name) => {
    await shared.ask(name, 'tools/call', { name: 'produce', arguments: { size: 1 } });
    while (shared.held('runningTasks').count > 0) await new Promise((resolve) => setImmediate(resolve));
  },
  pendingLinks: async ({ linked }, name) => await linked.call(USERS[name]),
  linkedAccounts: async ({ linked }, name, index) => {
    const { result } = await linked.call(USERS[name], { tool: index % 2 === 0 ? 'contacts' : 'deals' });
    const page = result?.inputRequests?.page?.params.url;
    if (page === undefined) return;
    const { status, html } = await new Browser(USERS[name]).visit(page);
    if (status !== 200) expect([status, html]).toEqual([503, expect.stringContaining('linked')]);
  },
  cachedTokens: async (servers, name) => {
    const token = await tokenOf(servers, name, { client_id: randomUUID() });
    expect((await callTool(servers.shared.server.resource, token, 'reach')).isError).toBeUndefined();
  },
  cachedCallers: async (servers, name) =>
    await callTool(servers.shared.server.resource, await tokenOf(servers, name), 'ping'),
  usedProofs: async (servers, name, index) => {
    const { client, shared } = servers;
    const token = await tokenOf(servers, name, { cnf: client.confirmation });
    const { resource } = shared.server;
    const iat = Math.floor(Date.now() / 1000) + index;
    const proof = await proofOf({ client, resource, token }, { iat });
    await send(resource, { body: toolCall('ping'), headers: { authorization: `DPoP ${token}`, dpop: [proof] } });
  },
};

const EFFECTS = { refuse: 'refused', displace: 'displaced' };

const quantities = Object.keys(QUANTITIES) as Quantity[];

const limits: McpAuthModuleOptions['limits'] = {
  perCaller: Object.fromEntries(quantities.map((quantity) => [quantity, capsOf(quantity)[0]])),
  inAll: Object.fromEntries(quantities.map((quantity) => [quantity, capsOf(quantity)[1]])),
};

describe.each(['express', 'fastify'] as const)('on %s', (platform) => {
  const telemetry = new Telemetry();
  let servers: Servers;
  let parties: Parties;

  beforeAll(async () => {
    telemetry.register();
    parties = await Parties.start();
    const client = { id: 'mcp-server', authentication: clientSecretBasic('mcp-server-secret') };
    const shared = await SharedServer.start(
      platform,
      limits,
      {
        client,
        downstreams: { api: { baseUrl: 'https://api.example.com', audience: 'api' } },
        replicas: { store: new MemoryAdapter(), keys: [randomBytes(32)] },
        proof: { dpop: {} },
      },
      [Reaching],
    );
    const linked = await parties.serve({
      platform,
      options: { limits },
      providers: [Deals],
      downstreams: {
        deals: {
          baseUrl: parties.api,
          resource: parties.api,
          scopes: ['contacts:read'],
          linked: {
            issuer: parties.partner.issuer,
            client: { id: 'mcp-for-deals', authentication: clientSecretBasic('deals-secret') },
          },
        },
      },
    });
    const redirectUri = `${linked.resource}/link/callback/deals`;
    await parties.partner.register({ id: 'mcp-for-deals', secret: 'deals-secret', redirectUri });
    servers = { shared, linked, client: await ProofClient.start() };
  });
  afterAll(async () => {
    await servers.shared.close();
    await parties.close();
    await telemetry.unregister();
  });

  /** How often limits of a quantity were met. */
  async function reached(quantity: Quantity): Promise<Record<string, number>> {
    const counted = await telemetry.counted('nestjs_mcp_auth.limits.reached');
    const ofQuantity = counted.filter(([attributes]) => attributes.quantity === quantity);
    return Object.fromEntries(ofQuantity.map(([{ limit, effect }, count]) => [`${limit} ${effect}`, count]));
  }

  async function held(quantity: Quantity): Promise<number> {
    const counted = await telemetry.counted('nestjs_mcp_auth.held');
    return counted.find(([attributes]) => attributes.quantity === quantity)?.[1] ?? Number.NaN;
  }

  test.each(quantities)('%s has a limit for a caller, and one for all', async (quantity) => {
    const { shared, linked } = servers;
    const [perCaller, inAll] = capsOf(quantity);
    const take = TAKE[quantity];
    const ofCaller = `caller ${EFFECTS[QUANTITIES[quantity].atCap]}`;
    const before = await reached(quantity);
    for (let index = 0; index < perCaller + 2; index += 1) await take(servers, 'attacker', index);
    const after = await reached(quantity);
    expect((after[ofCaller] ?? 0) - (before[ofCaller] ?? 0)).toBeGreaterThan(0);
    for (let index = 0; index < inAll; index += 1) await take(servers, 'victim', index);
    expect(Object.keys(await reached(quantity)).join()).toContain('server ');
    const all = [shared.held(quantity).count, linked.get(CallerLimits).of(quantity).count];
    expect(Math.max(...all)).toBe(inAll);
    expect(await held(quantity)).toBe((all[0] ?? 0) + (all[1] ?? 0));
    await shared.reset('callsInFlight', 'streams', 'openQuestions', 'runningTasks');
  });
});

describe.each(quantities)('%s', (quantity) => {
  const { perCaller, inAll } = QUANTITIES[quantity];
  const digits = (text: string) => text.replaceAll(/[ \u00a0](?=\d{3})/g, '');

  test('has a default, and an option for a caller and for all', () => {
    const caps = resolveLimits().caps[quantity];
    expect([caps.perCaller.count, caps.inAll.count]).toEqual([perCaller, inAll]);
    const options = limitsSchema.parse({ perCaller: { [quantity]: 7 }, inAll: { [quantity]: 9 } });
    const chosen = resolveLimits(options as McpAuthModuleOptions['limits']).caps[quantity];
    expect([chosen.perCaller.count, chosen.inAll.count]).toEqual([7, 9]);
    for (const part of ['perCaller', 'inAll'])
      expect(limitsSchema.safeParse({ [part]: { [quantity]: 0 } }).success).toBe(false);
  });

  test.each([
    ['docs/production/operations.md', new RegExp(`^\\| \`${quantity}\` +\\| (.+?) +\\|`, 'm')],
    ['lib/limits/limit-options.ts', new RegExp(`Defaults to (.+)\\. \\*/\\n +${quantity}\\?: number;`)],
  ])('has its defaults in %s', (file, row) => {
    const [, told = ''] = row.exec(readFileSync(file, 'utf8')) ?? [];
    expect(digits(told).match(/\d+/g)).toEqual([String(perCaller), String(inAll)]);
  });
});
