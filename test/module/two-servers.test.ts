import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Body, Controller, Injectable, Post } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import {
  clientSecretBasic,
  DownstreamClient,
  LinkedAccounts,
  McpAuthHealthIndicator,
  McpAuthModule,
  McpRegistry,
  McpTool,
  TokenCache,
  type McpAuthModuleOptions,
  type ServerSelection,
} from 'nestjs-mcp-auth';
import { LinkRecords } from '../../lib/on-behalf-of/linking/link-records.js';
import { stopClocks } from '../support/clocks.js';
import { callTool, textOf } from '../support/mcp-request.js';
import { optionsFor } from '../support/module-options.js';
import { OrderTools } from '../support/order-tools.js';
import { TestApi } from '../support/test-api.js';
import { startApplication, type Platform, type TestApplication } from '../support/test-application.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

@Injectable()
class ContactTools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'crm' })
  contacts() {
    return this.downstream.json('/contacts');
  }
}

interface Order extends ServerSelection {
  readonly issuer: string;
  readonly downstream?: string;
}

/** What an operator of the application reaches for. */
@Controller('operator')
class OperatorController {
  constructor(
    private readonly cache: TokenCache,
    private readonly accounts: LinkedAccounts,
    private readonly health: McpAuthHealthIndicator,
    private readonly registry: McpRegistry,
  ) {}

  @Post('revoke')
  async revoke(@Body() { issuer, ...selection }: Order) {
    return await told(() => this.cache.revoke({ issuer, subject: 'alice' }, selection));
  }

  @Post('unlink')
  async unlink(@Body() { issuer, downstream = 'crm', ...selection }: Order) {
    return await told(() => this.accounts.unlink({ issuer, subject: 'alice' }, downstream, selection));
  }

  @Post('health')
  async check(@Body() selection: ServerSelection) {
    return await told(async () => (await this.health.check('all', selection)).all);
  }

  @Post('update')
  async update(@Body() selection: ServerSelection) {
    return await told(() => {
      this.registry.sendResourceUpdated('orders://today', selection);
    });
  }

  @Post('register')
  async register(@Body() { server = [] }: ServerSelection) {
    return await told(() => this.registry.registerTool({ name: 'late', description: 'x', server }, () => 'late'));
  }
}

async function told(act: () => unknown) {
  try {
    return { result: await act() };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

let issuer: TestIssuer;
let staff: TestIssuer;
let api: TestApi;
let application: TestApplication;

beforeEach(async () => {
  [issuer, staff, api] = await Promise.all([TestIssuer.start(), TestIssuer.start('/realms/staff'), TestApi.start()]);
});

afterEach(async () => {
  jest.restoreAllMocks();
  await application.close();
  await Promise.all([issuer.close(), staff.close(), api.close()]);
});

async function start(platform: Platform): Promise<void> {
  application = await startApplication({
    platform,
    imports: (origin) =>
      (
        [
          ['public', '/mcp', [issuer]],
          ['admin', '/admin', [issuer, staff]],
        ] as const
      ).map(([name, path, issuers]) => McpAuthModule.forRoot(serverOptions(name, `${origin}${path}`, issuers))),
    providers: [OrderTools, ContactTools],
    controllers: [OperatorController],
  });
}

function serverOptions(name: string, resource: string, issuers: readonly TestIssuer[]): McpAuthModuleOptions {
  const linked = {
    authorizationEndpoint: `${api.origin}/authorize`,
    tokenEndpoint: `${api.origin}/token`,
    client: { id: 'mcp-at-partner', authentication: clientSecretBasic('mcp-at-partner-secret') },
  };
  return {
    ...optionsFor('', ''),
    server: { name, version: '1.0.0' },
    resource,
    issuers: issuers.map((one) => ({ issuer: one.issuer })),
    client: { id: 'mcp-server', issuer: issuer.issuer, authentication: clientSecretBasic('mcp-server-secret') },
    downstreams: {
      orders: { baseUrl: api.origin, audience: 'orders-api' },
      crm: { baseUrl: api.origin, linked },
    },
  };
}

/** Calls a tool of alice's as she would, and tells what came back. */
async function call(path: '/mcp' | '/admin', tool: 'order' | 'contacts' = 'order'): Promise<string> {
  const resource = `${application.origin}${path}`;
  return textOf(await callTool(resource, await tokenFor(resource), tool));
}

const tokens = new Map<string, Promise<string>>();

/** The same one at each call: exchanged tokens are kept by it. */
async function tokenFor(resource: string): Promise<string> {
  const token = tokens.get(resource) ?? issuer.token({ aud: resource });
  tokens.set(resource, token);
  return await token;
}

async function order(action: string, body: object): Promise<{ readonly result?: unknown; readonly error?: string }> {
  const response = await fetch(`${application.origin}/operator/${action}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { result?: unknown; error?: string };
}

const NO_SUCH_SERVER = /is "other", which is the `server\.name` of no McpAuthModule\. Use one of: public, admin\./;

describe.each<[Platform]>([['express'], ['fastify']])(
  'what is injected acts on both servers of one application, on %s',
  (platform) => {
    beforeEach(async () => {
      tokens.clear();
      await start(platform);
    });

    /** Exchanges that calls at both servers take. */
    const exchanges = async () => {
      const before = issuer.exchanges.length;
      await call('/mcp');
      const between = issuer.exchanges.length;
      await call('/admin');
      return [between - before, issuer.exchanges.length - between];
    };

    test('TokenCache.revoke', async () => {
      expect(await exchanges()).toEqual([1, 1]);
      expect(await exchanges()).toEqual([0, 0]);
      expect(await order('revoke', { issuer: issuer.issuer })).toEqual({});
      expect(await exchanges()).toEqual([1, 1]);
    });

    test.each<[ServerSelection['server'], number[]]>([
      ['public', [1, 0]],
      ['admin', [0, 1]],
      [
        ['admin', 'public'],
        [1, 1],
      ],
    ])('TokenCache.revoke, of the server that is named alone: %s', async (server, expected) => {
      await exchanges();
      await order('revoke', { issuer: issuer.issuer, server });
      expect(await exchanges()).toEqual(expected);
    });

    describe('LinkedAccounts.unlink', () => {
      beforeEach(async () => {
        const accessToken = await issuer.token({ aud: 'crm' });
        const owner = { issuer: issuer.issuer, subject: 'alice', downstream: 'crm' };
        for (const { providers } of application.app.get(ModulesContainer).values()) {
          const records: unknown = providers.get(LinkRecords)?.instance;
          if (records instanceof LinkRecords) await records.keepAccount(owner, { accessToken, scopes: [] });
        }
      });

      const linked = async () => {
        const answers = [await call('/mcp', 'contacts'), await call('/admin', 'contacts')];
        return answers.map((text) => text.includes('/contacts'));
      };

      test('unlinks in both', async () => {
        expect(await linked()).toEqual([true, true]);
        expect(await order('unlink', { issuer: issuer.issuer })).toEqual({ result: true });
        expect(await linked()).toEqual([false, false]);
        expect(await order('unlink', { issuer: issuer.issuer })).toEqual({ result: false });
      });

      test('unlinks in the one that is named', async () => {
        expect(await order('unlink', { issuer: issuer.issuer, server: 'admin' })).toEqual({ result: true });
        expect(await linked()).toEqual([true, false]);
      });

      test('tells where nobody links accounts', async () => {
        const { error } = await order('unlink', { issuer: issuer.issuer, downstream: 'orders' });
        expect(error).toContain('There are no linked accounts at "orders"');
      });
    });

    test('McpAuthHealthIndicator.check', async () => {
      const { start: now, moveTo } = stopClocks();
      expect(await order('health', { server: 'public' })).toMatchObject({ result: { status: 'up' } });
      moveTo(now + 60_000);
      // Those of the other server are new: the older ones are told of.
      const up = { [issuer.issuer]: { status: 'up', keysAgeMs: 60_000 } };
      const downstreams = { orders: { status: 'up' }, crm: { status: 'up' } };
      staff.answers.set('/jwks', (_request, response) => {
        sendJson(response, 500, {});
      });
      const issuers = { ...up, [staff.issuer]: { status: 'down' } };
      expect(await order('health', {})).toEqual({ result: { status: 'down', issuers, downstreams } });
      expect(await order('health', { server: 'public' })).toEqual({
        result: { status: 'up', issuers: up, downstreams },
      });
      expect(await order('health', { server: 'admin' })).toMatchObject({ result: { status: 'down' } });
    });

    test('McpAuthHealthIndicator.check: a downstream is down where it is so in one of them', async () => {
      issuer.answers.set('/token', (_request, response) => {
        sendJson(response, 400, { error: 'unauthorized_client' });
      });
      await callTool(`${application.origin}/admin`, await tokenFor(`${application.origin}/admin`), 'order').catch(
        () => undefined,
      );
      const { result } = await order('health', {});
      expect(result).toMatchObject({
        status: 'down',
        downstreams: { orders: { status: 'down' }, crm: { status: 'up' } },
      });
      expect(await order('health', { server: 'public' })).toMatchObject({ result: { status: 'up' } });
    });

    test.each<[string, object]>([
      ['revoke', { server: 'other' }],
      ['unlink', { server: ['public', 'other'] }],
      ['health', { server: 'other' }],
      ['update', { server: 'other' }],
      ['register', { server: ['public', 'other'] }],
    ])('%s says which servers there are, where one is named that is not there', async (action, selection) => {
      const { error } = await order(action, { issuer: issuer.issuer, ...selection });
      expect(error).toMatch(NO_SUCH_SERVER);
    });
  },
);
