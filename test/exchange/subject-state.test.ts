import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { clientSecretBasic, McpAuthHealthIndicator } from 'nestjs-mcp-auth';
import { startDownstreamServer, type DownstreamServer } from '../downstream/downstream-server.js';
import { post, textOf, toolCall, type ToolResult } from '../support/mcp-request.js';
import { OrderTools } from '../support/order-tools.js';
import { sendJson } from '../support/test-issuer.js';

let server: DownstreamServer;
/** What the introspection endpoint was asked. */
let asked: { readonly authorization: string | undefined; readonly form: Record<string, string> }[];

beforeAll(async () => {
  server = await startDownstreamServer({
    providers: [OrderTools],
    client: { id: 'mcp', authentication: clientSecretBasic('secret-of-the-client') },
  });
  const { issuer } = server;
  issuer.answers.set('/.well-known/oauth-authorization-server', (_request, response) => {
    sendJson(response, 200, { ...issuer.metadata(), introspection_endpoint: `${issuer.origin}/introspect` });
  });
});
afterEach(() => {
  server.issuer.answers.delete('/token');
  server.issuer.answers.delete('/introspect');
});
afterAll(() => server.close());

function refusing(error: string): void {
  server.issuer.answers.set('/token', (_request, response) => {
    sendJson(response, 400, { error, error_description: 'PROSE: Invalid token' });
  });
}

function introspecting(status: number, body: unknown): void {
  asked = [];
  server.issuer.answers.set('/introspect', (request, response, form) => {
    asked.push({ authorization: request.headers.authorization, form: Object.fromEntries(form) });
    if (typeof body === 'string') response.writeHead(status, { 'content-type': 'text/html' }).end(body);
    else sendJson(response, status, body);
  });
}

async function call(sub = 'alice') {
  const token = await server.token({ sub });
  const response = await post(server.resource, toolCall('order'), { token });
  const { result } = (await response.json()) as { result?: ToolResult };
  return { token, status: response.status, challenge: response.headers.get('www-authenticate'), result };
}

async function fault(): Promise<string | undefined> {
  const health = await server.app.get(McpAuthHealthIndicator).check();
  return health['mcp-auth'].downstreams?.orders?.code;
}

describe('an exchange that is refused as `invalid_request`, which may be the token or anything else', () => {
  test('is for the operator to mend where the issuer says that the token is good', async () => {
    refusing('invalid_request');
    introspecting(200, { active: true });
    const logged = server.log.lines.length;
    const { token, status, challenge, result } = await call();
    expect({ status, challenge, isError: result?.isError }).toEqual({ status: 200, challenge: null, isError: true });
    expect(textOf(result as ToolResult)).toContain('This server is not set up to call the orders API for you.');
    const errors = server.log.lines.slice(logged).filter((line) => line.startsWith('error'));
    expect(errors).toEqual([expect.stringMatching(/PROSE.*the request is wrong/)]);
    expect(asked).toEqual([
      {
        authorization: `Basic ${Buffer.from('mcp:secret-of-the-client').toString('base64')}`,
        form: { token, token_type_hint: 'access_token' },
      },
    ]);
    // What fails for one user may be about that user.
    expect(await fault()).toBeUndefined();
    await call('bob');
    expect(await fault()).toBe('exchange_misconfigured');
  });

  test.each<[string, number, unknown]>([
    ['that it is not', 200, { active: false }],
    ['nothing of use', 200, '<h1>Sign in</h1>'],
    ['something that is no yes', 200, { active: 'true' }],
    ['that it is out of order', 503, {}],
    ['that the client may not ask', 401, { error: 'invalid_client' }],
  ])('is a sign-in that is over where the issuer says %s', async (_name, status, body) => {
    refusing('invalid_request');
    introspecting(status, body);
    const answer = await call();
    expect([answer.status, answer.challenge]).toEqual([401, expect.stringContaining('error="invalid_token"')]);
    expect(asked).toHaveLength(1);
  });
});

test.each(['invalid_grant', 'invalid_scope', 'invalid_target', 'access_denied', 'invalid_client'])(
  'nobody is asked about %s, which says what it is',
  async (error) => {
    refusing(error);
    introspecting(200, { active: true });
    await call();
    expect(asked).toEqual([]);
  },
);
