import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { message, post } from '../support/mcp-request.js';
import { OrderTools } from '../support/order-tools.js';
import { sendJson } from '../support/test-issuer.js';

const PAGE = 'https://id.example/consent?client_id=mcp';

let server: DownstreamServer;

beforeAll(async () => {
  server = await startDownstreamServer({ providers: [OrderTools], orders: { consentUrl: PAGE } });
});
afterEach(() => {
  jest.restoreAllMocks();
  server.issuer.answers.clear();
});
afterAll(() => server.close());

function refuseConsent(): void {
  server.issuer.answers.set('/token', (_request, response) => {
    sendJson(response, 400, { error: 'invalid_grant', suberror: 'consent_required' });
  });
}

interface Answer {
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly data?: unknown };
}

async function answerTo(body: unknown, token: string, headers: Record<string, string> = {}): Promise<Answer> {
  const response = await post(server.resource, body, { token, headers });
  const text = await response.text();
  const data = /^data: (.*)$/m.exec(text)?.[1] ?? text;
  return JSON.parse(data) as Answer;
}

/** State of a call that was answered with a page. */
async function asked(token: string): Promise<string> {
  const { result } = await answerTo(modernCall({ elicitation: { url: {} } }), token);
  expect(result?.resultType).toBe('input_required');
  return result?.requestState as string;
}

function modernCall(capabilities: object, inputResponses?: object, requestState?: string) {
  const again = { ...(inputResponses && { inputResponses }), ...(requestState !== undefined && { requestState }) };
  const call = message('tools/call', { name: 'order', arguments: {}, ...again });
  const { _meta } = call.params as { _meta: Record<string, unknown> };
  _meta['io.modelcontextprotocol/clientCapabilities'] = capabilities;
  return call;
}

describe('2026-07-28', () => {
  test('a client that opens pages is asked for input, with the address of the page', async () => {
    refuseConsent();
    const { result } = await answerTo(modernCall({ elicitation: { url: {} } }), await server.token());
    expect(result).toMatchObject({
      resultType: 'input_required',
      inputRequests: {
        page: {
          method: 'elicitation/create',
          params: { mode: 'url', url: PAGE, message: 'Give your consent to calling the orders API.' },
        },
      },
    });
  });

  test('and the call goes through once the user has consented, with the very same token', async () => {
    const token = await server.token();
    refuseConsent();
    await answerTo(modernCall({ elicitation: { url: {} } }), token);
    server.issuer.answers.clear();
    const { result } = await answerTo(modernCall({ elicitation: { url: {} } }, { page: { action: 'accept' } }), token);
    expect(result).toMatchObject({ structuredContent: { subject: 'alice' } });
  });

  test.each([
    ['declined', { action: 'decline' }],
    ['dismissed it', { action: 'cancel' }],
  ])('a user who %s is not asked again', async (_name, page) => {
    refuseConsent();
    const token = await server.token();
    for (const state of [await asked(token), undefined]) {
      const { result } = await answerTo(modernCall({ elicitation: { url: {} } }, { page }, state), token);
      expect(result).toMatchObject({ isError: true });
    }
  });

  test('what was said to a page that nobody asked for does not count', async () => {
    refuseConsent();
    const others = await asked(await server.token({ sub: 'bob' }));
    for (const state of ['orders', others]) {
      const call = modernCall({ elicitation: { url: {} } }, { page: { action: 'accept' } }, state);
      expect((await answerTo(call, await server.token())).error).toMatchObject({ code: -32602 });
    }
  });

  test('a client that comes back while the user is on the page is answered when consent is there', async () => {
    const token = await server.token();
    refuseConsent();
    const state = await asked(token);
    let looks = 0;
    server.issuer.answers.set('/token', (_request, response) => {
      looks += 1;
      // Looked at once before the call, and once more since.
      if (looks === 2) server.issuer.answers.clear();
      sendJson(response, 400, { error: 'invalid_grant', suberror: 'consent_required' });
    });
    const call = modernCall({ elicitation: { url: {} } }, { page: { action: 'accept' } }, state);
    expect((await answerTo(call, token)).result).toMatchObject({ structuredContent: { subject: 'alice' } });
    expect(looks).toBe(2);
  });

  test('and is told in words where that takes too long', async () => {
    refuseConsent();
    const token = await server.token();
    const state = await asked(token);
    let now = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => (now += 10_000));
    const call = modernCall({ elicitation: { url: {} } }, { page: { action: 'accept' } }, state);
    const { result } = await answerTo(call, token);
    expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining(`Open ${PAGE}`) }] });
  });

  test('and where something else is missing in the meantime, of that', async () => {
    const token = await server.token();
    refuseConsent();
    const state = await asked(token);
    let looks = 0;
    server.issuer.answers.set('/token', (_request, response) => {
      looks += 1;
      const [status, error] = looks === 1 ? ([400, 'consent_required'] as const) : ([503, 'server_error'] as const);
      sendJson(response, status, { error: status === 400 ? 'invalid_grant' : error, suberror: error });
    });
    const call = modernCall({ elicitation: { url: {} } }, { page: { action: 'accept' } }, state);
    const { result } = await answerTo(call, token);
    expect(result).toMatchObject({ isError: true, _meta: { 'nestjs-mcp-auth/retry': { retryable: true } } });
  });

  test.each([
    ['nothing', {}],
    ['forms alone', { elicitation: { form: {} } }],
  ])(
    'a client that declared %s gets the page in words and in the envelope of SEP-2643',
    async (_name, capabilities) => {
      refuseConsent();
      const { result } = await answerTo(modernCall(capabilities), await server.token());
      expect(result).toMatchObject({
        isError: true,
        content: [{ type: 'text', text: expect.stringContaining(`Open ${PAGE}`) }],
        _meta: {
          'io.modelcontextprotocol/authorization': {
            reason: 'insufficient_authorization',
            remediation: 'available',
            remediationHints: [{ type: 'url', url: PAGE }],
          },
        },
      });
    },
  );
});

describe('2025-11-25', () => {
  const legacy = { 'mcp-protocol-version': '2025-11-25' };
  const call = { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'order', arguments: {} } };
  const initialize = (capabilities: object) => ({
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities, clientInfo: { name: 't', version: '1' } },
  });

  /** What a client takes along of its `initialize`. */
  async function begun(capabilities: object, token: string): Promise<Record<string, string>> {
    const response = await post(server.resource, initialize(capabilities), { token, headers: legacy });
    await response.text();
    return { 'mcp-session-id': response.headers.get('mcp-session-id') ?? '' };
  }

  test('a client that said at its start that it opens pages gets error -32042', async () => {
    refuseConsent();
    const token = await server.token({ sub: 'carol' });
    const { error } = await answerTo(call, token, { ...legacy, ...(await begun({ elicitation: { url: {} } }, token)) });
    expect(error).toMatchObject({
      code: -32042,
      data: { elicitations: [{ mode: 'url', url: PAGE, elicitationId: expect.stringMatching(/^[\w-]{20,}$/) }] },
    });
  });

  test('another user of the same client that did not, and a client that no longer does, gets words', async () => {
    refuseConsent();
    const dave = await server.token({ sub: 'dave' });
    expect((await answerTo(call, dave, legacy)).result).toMatchObject({ isError: true });
    await begun({ elicitation: { url: {} } }, dave);
    const headers = { ...legacy, ...(await begun({}, dave)) };
    expect((await answerTo(call, dave, headers)).result).toMatchObject({ isError: true });
  });
});

describe('the official client', () => {
  async function connected(mode: 'legacy' | { pin: string }, onPage: (url: string) => void) {
    const token = await server.token({ sub: 'erin' });
    const client = new Client(
      { name: 'test', version: '1.0.0' },
      { capabilities: { elicitation: { url: {} } }, versionNegotiation: { mode } },
    );
    client.setRequestHandler('elicitation/create', ({ params }) => {
      if ('url' in params) onPage(params.url);
      return { action: 'accept' };
    });
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(server.resource), { requestInit }));
    return client;
  }

  test('of the era 2026-07-28 opens the page, and comes back by itself', async () => {
    refuseConsent();
    const opened: string[] = [];
    const client = await connected({ pin: '2026-07-28' }, (url) => {
      opened.push(url);
      server.issuer.answers.clear();
    });
    const result = await client.callTool({ name: 'order', arguments: {} });
    await client.close();
    expect(opened).toEqual([PAGE]);
    expect(result).toMatchObject({ structuredContent: { subject: 'erin' } });
  });

  test('of the era before hands the page to its application', async () => {
    refuseConsent();
    const client = await connected('legacy', () => undefined);
    const failure: unknown = await client.callTool({ name: 'order', arguments: {} }).catch((error: unknown) => error);
    await client.close();
    expect(failure).toMatchObject({ code: -32042, data: { elicitations: [{ mode: 'url', url: PAGE }] } });
  });
});
