import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { clientSecretPost } from 'nestjs-mcp-auth';
import { skipPausesOfTokenEndpoints } from '../support/pauses.js';
import { sendJson } from '../support/test-issuer.js';
import { catchTokenEndpoint, failureOf, startPartner, type CaughtEndpoint } from './caught-endpoint.js';

const GOOD = { access_token: 'good', token_type: 'Bearer' };

type Step = [status: number, body?: unknown, headers?: Record<string, string>];

const SECRET = 'a secret of some length';

let server: CaughtEndpoint;
let secret: () => string | Promise<string> = () => SECRET;
let asked: number;
/** Milliseconds that it wanted to wait before it tried again. It did not have to. */
let pauses: number[];
/** What happens when the ten seconds are over that a token may take, for each token so far. */
let deadlines: (() => void)[];

beforeAll(async () => {
  server = await catchTokenEndpoint(clientSecretPost(() => secret()));
});
beforeEach(() => {
  pauses = skipPausesOfTokenEndpoints();
  deadlines = [];
  secret = () => SECRET;
  const wait = globalThis.setTimeout;
  jest.spyOn(globalThis, 'setTimeout').mockImplementation((run: () => void, delay?: number, ...rest: []) => {
    if (delay === 10_000) deadlines.push(run);
    return wait(run, delay, ...rest);
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => server.close());

/** Lets the ten seconds pass. */
function expire(): void {
  for (const run of deadlines) run();
}

/** Answers one after the other, and the last again and again; 0 breaks the connection. */
function answers(...steps: Step[]): void {
  asked = 0;
  server.issuer.answers.set('/token', (_request, response) => {
    const [status, body = {}, headers = {}] = steps[Math.min(asked++, steps.length - 1)] ?? [500];
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (status === 0) response.destroy();
    else sendJson(response, status, body);
  });
}

const request = () => server.endpoint.request('urn:test', { subject_token: 'a' });

describe('what passes is tried again', () => {
  test.each<[string, Step[]]>([
    ['a server that fails', [[500], [502], [200, GOOD]]],
    ['a server that is busy', [[503], [429, { error: 'slow_down' }], [200, GOOD]]],
    ['a connection that breaks', [[0], [0], [200, GOOD]]],
  ])('%s', async (_name, steps) => {
    answers(...steps);
    expect(await request()).toMatchObject({ access_token: 'good' });
    expect(asked).toBe(3);
  });

  test('twice at most, after pauses that differ and grow', async () => {
    answers([503]);
    for (const random of [0, 1]) {
      jest.spyOn(Math, 'random').mockReturnValue(random);
      expect((await failureOf(request())).failure).toEqual({ status: 503 });
    }
    expect([asked, pauses]).toEqual([6, [100, 200, 300, 600]]);
  });

  test('with credentials of its own, as they then are', async () => {
    const used: string[] = [];
    secret = () => `secret number ${used.length}`;
    answers([503]);
    const answer = server.issuer.answers.get('/token');
    server.issuer.answers.set('/token', (incoming, response, form) => {
      used.push(form.get('client_secret') ?? '');
      return answer?.(incoming, response, form);
    });
    await failureOf(request());
    expect(used).toEqual(['secret number 0', 'secret number 1', 'secret number 2']);
  });

  test('after as long as it asks for, where that is before the deadline', async () => {
    answers([429, {}, { 'retry-after': '3' }], [503, {}, { 'retry-after': '2' }], [200, GOOD]);
    expect(await request()).toMatchObject({ access_token: 'good' });
    expect(pauses.map((pause) => Math.floor(pause / 1000))).toEqual([3, 2]);
  });

  test('and not at all where that is after it', async () => {
    answers([503, {}, { 'retry-after': '11' }]);
    expect((await failureOf(request())).failure).toEqual({ status: 503, retryAfterMs: 11_000 });
    expect(asked).toBe(1);
  });
});

describe('what does not pass is not', () => {
  test.each<[string, Step]>([
    ['a refusal', [400, { error: 'invalid_grant' }]],
    ['bad credentials', [401, { error: 'invalid_client' }]],
    ['no access', [403, { error: 'access_denied' }]],
    ['a redirect', [302, {}, { location: '/token' }]],
    ['200 without a token', [200, {}]],
  ])('%s', async (_name, step) => {
    answers(step);
    await failureOf(request());
    expect(asked).toBe(1);
  });

  test.each<[string, () => string | Promise<string>, string]>([
    ['a secret that is missing', () => '', 'has no secret'],
    ['a vault that is down', () => Promise.reject(new Error('vault: ECONNREFUSED')), 'vault: ECONNREFUSED'],
  ])('%s, which nobody is sent anything without', async (_name, broken, message) => {
    let calls = 0;
    answers([200, GOOD]);
    secret = () => {
      calls++;
      return broken();
    };
    const failed = request();
    await expect(failed).rejects.toMatchObject({ code: 'client_credentials_unavailable' });
    await expect(failed).rejects.toThrow(message);
    await expect(failed).rejects.not.toThrow('cannot start');
    expect([calls, asked]).toEqual([1, 0]);
  });
});

describe('the deadline of ten seconds holds', () => {
  test.each([
    ['an endpoint that never answers', () => undefined],
    [
      'an answer that never ends',
      (response: { writeHead(status: number): unknown; write(text: string): unknown }) => {
        response.writeHead(200);
        response.write('{');
      },
    ],
  ])('for %s', async (_name, answer) => {
    const closed = new Promise<void>((resolve) => {
      server.issuer.answers.set('/token', (incoming, response) => {
        incoming.socket.once('close', resolve);
        answer(response);
        expire();
      });
    });
    const { failure, message } = await failureOf(request());
    expect(failure).toEqual({ timedOut: true });
    expect(message).toContain('10 seconds');
    // The connection is given up, too.
    await closed;
  });

  test('for credentials that never come', async () => {
    answers([200, GOOD]);
    secret = () =>
      new Promise(() => {
        // The time limit is set after the credentials are asked for.
        setImmediate(expire);
      });
    expect((await failureOf(request())).failure).toEqual({ timedOut: true });
    expect(asked).toBe(0);
  });
});

describe('the deadline holds for metadata that never comes, too', () => {
  test('of an authorization server besides the issuer', async () => {
    const partner = await startPartner(clientSecretPost('the secret at the partner'));
    partner.server.answers.set('/.well-known/oauth-authorization-server', () => {
      expire();
    });
    const { issuer, client } = partner;
    const { failure, message } = await failureOf(
      server.endpoint.request('urn:test', {}, { authorizationServer: { issuer, client } }),
    );
    await partner.server.close();
    expect(failure).toEqual({ timedOut: true, foreign: true });
    expect(message).toContain('the metadata did not come within 10 seconds');
    expect(partner.server.requests).not.toContain('/token');
  });
});

test('an answer of more than a mebibyte is not read to its end', async () => {
  server.issuer.answers.set('/token', (_request, response) => {
    response.writeHead(200).end(' '.repeat(1024 * 1024 + 1));
  });
  expect((await failureOf(request())).message).toContain('more than 1048576 bytes');
});
