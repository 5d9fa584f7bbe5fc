import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientOfV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { UrlElicitationRequiredError } from '@modelcontextprotocol/sdk/types.js';
import { StreamableHTTPClientTransport as TransportOfV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Browser, type Visited } from './browser.js';
import { OPENS_PAGES, Parties, type LinkedServer } from './linked-server.js';

let parties: Parties;
let server: LinkedServer;

beforeAll(async () => {
  parties = await Parties.start();
  server = await parties.serve();
});
beforeEach(unlink);
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => parties.close());

async function headersFor(user: string) {
  return { requestInit: { headers: { authorization: `Bearer ${await server.tokenOf(user)}` } } };
}

async function unlink(): Promise<void> {
  await server.accounts.unlink({ issuer: parties.enterprise.issuer, subject: 'alice' }, 'crm');
}

/** A client of the era 2026-07-28 whose user does this with a page. */
async function modern(onPage: (url: string, message: string) => Promise<'accept' | 'decline' | 'cancel'>) {
  const client = new Client(
    { name: 'test', version: '1.0.0' },
    { capabilities: OPENS_PAGES, versionNegotiation: { mode: { pin: '2026-07-28' } } },
  );
  client.setRequestHandler('elicitation/create', async ({ params }) => ({
    action: 'url' in params ? await onPage(params.url, params.message) : 'cancel',
  }));
  await client.connect(new StreamableHTTPClientTransport(new URL(server.resource), await headersFor('alice')));
  return client;
}

const CALL = { name: 'contacts', arguments: {} };

describe('the official client', () => {
  test('of the era 2026-07-28 opens the page, and the call goes on when the account is linked', async () => {
    const shown: string[] = [];
    const client = await modern(async (url, message) => {
      shown.push(message);
      return (await new Browser('alice').visit(url)).status === 200 ? 'accept' : 'decline';
    });
    expect(await client.callTool(CALL)).toMatchObject({ structuredContent: { of: 'alice' } });
    expect(shown).toEqual(['Link your Partner <CRM> account, so that test can use it for you.']);
    await client.close();
  });

  test('comes back as soon as the page is open, and is answered when the user is done there', async () => {
    const visits: Promise<Visited>[] = [];
    const client = await modern((url) => {
      visits.push(new Browser('alice').visit(url));
      return Promise.resolve('accept');
    });
    expect(await client.callTool(CALL)).toMatchObject({ structuredContent: { of: 'alice' } });
    expect(await Promise.all(visits)).toMatchObject([{ status: 200 }]);
    await client.close();
  });

  test('whose user takes too long there is told so, and asked for nothing more', async () => {
    const opened: string[] = [];
    const client = await modern((url) => {
      opened.push(url);
      let now = performance.now();
      jest.spyOn(performance, 'now').mockImplementation(() => (now += 10_000));
      return Promise.resolve('accept');
    });
    const result = await client.callTool(CALL);
    expect(opened).toHaveLength(1);
    expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('not linked yet') }] });
    jest.restoreAllMocks();
    // What was opened is still good.
    expect((await new Browser('alice').visit(opened[0] ?? '')).status).toBe(200);
    expect(await client.callTool(CALL)).toMatchObject({ structuredContent: { of: 'alice' } });
    await client.close();
  });

  test.each(['decline', 'cancel'] as const)(
    'whose user says %s is told so, and asked for nothing more',
    async (action) => {
      let asked = 0;
      const client = await modern(() => {
        asked += 1;
        return Promise.resolve(action);
      });
      expect(await client.callTool(CALL)).toMatchObject({ isError: true });
      expect(asked).toBe(1);
      // Another call asks again.
      await client.callTool(CALL);
      expect(asked).toBe(2);
      await client.close();
    },
  );

  test('of the eras before is told of the page, and calls again', async () => {
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { capabilities: { elicitation: { url: {} } }, versionNegotiation: { mode: 'legacy' } },
    );
    await client.connect(new StreamableHTTPClientTransport(new URL(server.resource), await headersFor('alice')));
    const failure = (await client.callTool({ name: 'contacts', arguments: {} }).catch((error: unknown) => error)) as {
      code: number;
      data: { elicitations: { url: string; mode: string }[] };
    };
    expect(failure.code).toBe(-32042);
    const [elicitation] = failure.data.elicitations;
    expect(elicitation?.mode).toBe('url');
    expect((await new Browser('alice').visit(elicitation?.url ?? '')).status).toBe(200);
    expect(await client.callTool({ name: 'contacts', arguments: {} })).toMatchObject({
      structuredContent: { of: 'alice' },
    });
    await client.close();
  });

  test('of the SDK’s first major is told of the page, if it says that it opens pages', async () => {
    const client = new ClientOfV1({ name: 'test', version: '1.0.0' }, { capabilities: OPENS_PAGES });
    await client.connect(new TransportOfV1(new URL(server.resource), await headersFor('alice')));
    const failure: unknown = await client.callTool(CALL).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UrlElicitationRequiredError);
    const [elicitation] = (failure as UrlElicitationRequiredError).elicitations;
    expect(elicitation).toMatchObject({ mode: 'url', elicitationId: expect.any(String) });
    expect((await new Browser('alice').visit(elicitation?.url ?? '')).status).toBe(200);
    expect(await client.callTool(CALL)).toMatchObject({ structuredContent: { of: 'alice' } });
    await client.close();
  });

  test('of the SDK’s first major, which opens no pages, gets the address in words', async () => {
    const client = new ClientOfV1({ name: 'test', version: '1.0.0' });
    const transport = new TransportOfV1(new URL(server.resource), await headersFor('alice'));
    await client.connect(transport);
    const result = (await client.callTool({ name: 'contacts', arguments: {} })) as {
      isError: boolean;
      content: { text: string }[];
      _meta: Record<string, { remediationHints: { url: string }[] }>;
    };
    expect(result.isError).toBe(true);
    const [hint] = result._meta['io.modelcontextprotocol/authorization']?.remediationHints ?? [];
    expect(result.content[0]?.text).toContain(`Open ${hint?.url ?? '?'}`);
    expect((await new Browser('alice').visit(hint?.url ?? '')).status).toBe(200);
    expect(await client.callTool({ name: 'contacts', arguments: {} })).toMatchObject({
      structuredContent: { of: 'alice' },
    });
    await client.close();
  });
});

describe('a client that declared', () => {
  test.each([
    ['nothing', {}],
    ['forms alone', { elicitation: { form: {} } }],
  ])('%s is never asked to open a page, but told of it', async (_name, capabilities) => {
    const { result } = await server.call('alice', { capabilities });
    expect(result?.inputRequests).toBeUndefined();
    expect(result?.isError).toBe(true);
    expect(result?.content?.[0]?.text).toContain(`${server.resource}/link/`);
  });
});

test('a user who declined is told, and not asked again by the same call', async () => {
  const { result } = await server.call('alice', { inputResponses: { page: { action: 'decline' } } });
  expect(result?.isError).toBe(true);
  expect(result?.inputRequests).toBeUndefined();
});

test('a tool that exchanges lazily asks for the same', async () => {
  expect((await server.call('alice', { tool: 'lazy_contacts' })).result?.inputRequests?.page).toBeDefined();
});

test('a token that stands for no user cannot have an account', async () => {
  await parties.enterprise.registerService('robot', 'robot-secret');
  const token = await parties.enterprise.serviceToken('robot', 'robot-secret', server.resource);
  const { result } = await server.callWith(token);
  expect(result?.inputRequests).toBeUndefined();
  expect(result?.isError).toBe(true);
  expect(result?.content?.[0]?.text).toContain('your token has no user');
});
