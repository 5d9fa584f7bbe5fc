import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Injectable } from '@nestjs/common';
import { clientSecretBasic, DownstreamClient, McpTool } from 'nestjs-mcp-auth';
import { Browser } from './browser.js';
import { OPENS_PAGES, Parties, type LinkedServer } from './linked-server.js';
import { UserAuthorizationServer } from './user-authorization-server.js';

@Injectable()
class InvoiceTools {
  constructor(private readonly downstream: DownstreamClient) {}

  @McpTool({ description: 'x', downstream: 'erp' })
  invoices() {
    return this.downstream.json('/invoices');
  }

  @McpTool({ description: 'x', downstream: ['crm', 'erp'] })
  async both() {
    const [contacts, invoices] = await Promise.all([
      this.downstream.for('crm').json<{ scope: string }>('/contacts'),
      this.downstream.for('erp').json<{ scope: string }>('/invoices'),
    ]);
    return { scopes: [contacts.scope, invoices.scope] };
  }
}

let parties: Parties;
let subsidiary: UserAuthorizationServer;
let server: LinkedServer;

beforeEach(async () => {
  [parties, subsidiary] = await Promise.all([Parties.start(), UserAuthorizationServer.start('127.0.0.1')]);
  const issuers = [parties.enterprise.issuer, subsidiary.issuer];
  const authentication = clientSecretBasic('mcp-server-secret');
  server = await parties.serve({
    providers: [InvoiceTools],
    downstreams: {
      erp: {
        baseUrl: parties.api,
        resource: parties.api,
        scopes: ['contacts:write'],
        linked: {
          issuer: parties.partner.issuer,
          client: { id: 'erp-at-partner', authentication: clientSecretBasic('erp-at-partner-secret') },
        },
      },
    },
    options: {
      issuers: issuers.map((issuer) => ({ issuer })),
      client: issuers.map((issuer) => ({ id: 'mcp-server', issuer, authentication })),
    },
  });
  await subsidiary.register({
    id: 'mcp-server',
    secret: 'mcp-server-secret',
    redirectUri: `${server.resource}/link/callback`,
  });
  await parties.partner.register({
    id: 'erp-at-partner',
    secret: 'erp-at-partner-secret',
    redirectUri: `${server.resource}/link/callback/erp`,
  });
});
afterEach(async () => {
  await parties.close();
  await subsidiary.close();
});

const isOurs = (path: string) => (url: URL) => url.href.startsWith(`${server.resource}${path}?`);

/** The page of a user with a token of the other issuer. */
async function pageAtSubsidiary(token: string, tool = 'contacts'): Promise<string> {
  const { result, text } = await server.callWith(token, { tool });
  return result?.inputRequests?.page?.params.url ?? `No page: ${text}`;
}

test('a user of the same name at another issuer is somebody else, who signs in there', async () => {
  expect((await new Browser('alice').visit(await server.pageFor('alice'))).status).toBe(200);
  expect((await server.call('alice')).result?.structuredContent?.of).toBe('alice');
  const token = await subsidiary.tokenOf('alice', server.resource);
  const browser = new Browser('alice');
  const { status } = await browser.visit(await pageAtSubsidiary(token));
  expect(status).toBe(200);
  const origins = new Set(browser.trail.map(({ origin }) => origin));
  expect([...origins].sort()).toEqual([server.origin, subsidiary.issuer, parties.partner.issuer].sort());
  // Each has an account of its own: that of the one is no account of the other.
  expect(await server.accounts.unlink({ issuer: subsidiary.issuer, subject: 'alice' }, 'crm')).toBe(true);
  expect((await server.callWith(token)).result?.inputRequests?.page).toBeDefined();
  expect((await server.call('alice')).result?.structuredContent?.of).toBe('alice');
});

test('a sign-in at one issuer is none at the other, where the subject is the same', async () => {
  const browser = new Browser('alice');
  const { url: atOne } = await browser.visit(await server.pageFor('alice'), isOurs('/link/callback'));
  const page = await pageAtSubsidiary(await subsidiary.tokenOf('alice', server.resource));
  const { url: atOther } = await browser.visit(page, isOurs('/link/callback'));
  for (const member of ['code', 'iss']) {
    atOne.searchParams.set(member, atOther.searchParams.get(member) ?? '');
  }
  expect((await browser.visit(atOne)).status).toBe(502);
  // Even where the answer does not say whose it is, the code is good at its own issuer alone.
  const { url: again } = await browser.visit(await server.pageFor('alice'), isOurs('/link/callback'));
  again.searchParams.set('code', atOther.searchParams.get('code') ?? '');
  expect((await browser.visit(again)).status).toBe(502);
  expect((await server.call('alice')).result?.inputRequests?.page).toBeDefined();
});

test('what one API’s server answers is no answer at the redirect URI of another API', async () => {
  const browser = new Browser('alice');
  const { url } = await browser.visit(await server.pageFor('alice'), isOurs('/link/callback/crm'));
  url.pathname = url.pathname.replace('/crm', '/erp');
  expect((await browser.visit(url)).status).toBe(502);
  // It is refused here. The authorization server is not asked.
  expect(server.log.text).toContain('an answer came to the redirect URI of another server');
  for (const tool of ['contacts', 'invoices']) {
    expect((await server.call('alice', { tool })).result?.inputRequests?.page).toBeDefined();
  }
  expect(parties.partner.grants).toEqual([]);
});

test('an account at one API is none at another, each with the scopes that it was linked for', async () => {
  await new Browser('alice').visit(await server.pageFor('alice'));
  const { result } = await server.call('alice', { tool: 'invoices' });
  expect((await new Browser('alice').visit(result?.inputRequests?.page?.params.url ?? '')).status).toBe(200);
  const scopes = await Promise.all(
    ['contacts', 'invoices'].map(async (tool) => (await server.call('alice', { tool })).result?.structuredContent),
  );
  expect(scopes).toMatchObject([{ scope: 'contacts:read' }, { scope: 'contacts:write' }]);
});

test('a tool of two APIs asks for both accounts in one call, each by a page of its own', async () => {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { capabilities: OPENS_PAGES, versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  const shown: string[] = [];
  client.setRequestHandler('elicitation/create', async ({ params }) => {
    shown.push(params.message);
    if (!('url' in params)) return { action: 'cancel' };
    return { action: (await new Browser('alice').visit(params.url)).status === 200 ? 'accept' : 'decline' };
  });
  const requestInit = { headers: { authorization: `Bearer ${await server.tokenOf('alice')}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(server.resource), { requestInit }));
  const result = await client.callTool({ name: 'both', arguments: {} });
  await client.close();
  expect(result.structuredContent).toEqual({ scopes: ['contacts:read', 'contacts:write'] });
  expect(shown).toEqual([expect.stringContaining('Partner <CRM>'), expect.stringContaining('erp')]);
});
