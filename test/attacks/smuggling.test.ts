import { describe, expect, test } from '@jest/globals';
import { toolCall } from '../support/mcp-request.js';
import { attackedServers, expectVerdict, REFUSED, type Verdict } from './attacked-server.js';

const UNAUTHENTICATED: Verdict = [401];
const MALFORMED: Verdict = [400, 'invalid_request'];
/** Node's own parser of HTTP has the connection closed. */
const NO_HTTP: Verdict = [400];

type Row = readonly [name: string, headers: () => readonly string[], verdict: Verdict];

describe.each(attackedServers())('on %s', (_platform, attacked) => {
  const good = () => attacked().forge.token();
  const bad = () => attacked().forge.token({ exp: 1 });
  const host = () => new URL(attacked().server.origin).host;

  /** A call of the tool with these header lines, as they are. */
  function describeHeaders(rows: readonly Row[]): void {
    test.each(rows)('%s', async (_name, headers, verdict) => {
      expectVerdict(await attacked().post(toolCall('ping'), headers()), verdict);
    });
  }

  describe('more than one token', () => {
    describeHeaders([
      ['good, then bad', () => [`Authorization: Bearer ${good()}`, `Authorization: Bearer ${bad()}`], MALFORMED],
      ['bad, then good', () => [`Authorization: Bearer ${bad()}`, `Authorization: Bearer ${good()}`], MALFORMED],
      ['the same twice', () => Array(2).fill(`Authorization: Bearer ${good()}`) as string[], MALFORMED],
      ['names in other case', () => [`authorization: Bearer ${good()}`, `AUTHORIZATION: Bearer ${bad()}`], MALFORMED],
      ['empty, then good', () => ['Authorization:', `Authorization: Bearer ${good()}`], MALFORMED],
      ['good, then empty', () => [`Authorization: Bearer ${good()}`, 'Authorization:'], MALFORMED],
      ['Basic, then good', () => ['Authorization: Basic eDp5', `Authorization: Bearer ${good()}`], MALFORMED],
      ['good, then DPoP', () => [`Authorization: Bearer ${good()}`, `Authorization: DPoP ${good()}`], MALFORMED],
      ['with a comma', () => [`Authorization: Bearer ${good()}, Bearer ${good()}`], REFUSED],
      ['with a comma and no space', () => [`Authorization: Bearer ${good()},${good()}`], REFUSED],
      ['with a space', () => [`Authorization: Bearer ${good()} ${good()}`], REFUSED],
      ['with a tab', () => [`Authorization: Bearer ${good()}\t${good()}`], REFUSED],
    ]);
  });

  describe('odd spelling', () => {
    describeHeaders([
      [
        'behind a value that is called as it is',
        () => ['X-A: authorization', `Authorization: Bearer ${good()}`],
        [200],
      ],
      ['scheme in small letters', () => [`Authorization: bearer ${good()}`], [200]],
      ['scheme in capitals', () => [`Authorization: BEARER ${good()}`], [200]],
      ['name in capitals', () => [`AUTHORIZATION: Bearer ${good()}`], [200]],
      ['two spaces', () => [`Authorization: Bearer  ${good()}`], [200]],
      ['white space around the value', () => [`Authorization:  \t Bearer ${good()} \t `], [200]],
      ['no space after the colon', () => [`Authorization:Bearer ${good()}`], [200]],
      ['a tab for the space', () => [`Authorization: Bearer\t${good()}`], UNAUTHENTICATED],
      ['a space that is not one', () => [`Authorization: Bearer\u00a0${good()}`], UNAUTHENTICATED],
      ['no space', () => [`Authorization: Bearer${good()}`], UNAUTHENTICATED],
      ['a colon for the space', () => [`Authorization: Bearer:${good()}`], UNAUTHENTICATED],
      ['an equals sign', () => [`Authorization: Bearer=${good()}`], UNAUTHENTICATED],
      ['the token alone', () => [`Authorization: ${good()}`], UNAUTHENTICATED],
      ['the scheme alone', () => ['Authorization: Bearer'], UNAUTHENTICATED],
      ['the scheme twice', () => [`Authorization: Bearer Bearer ${good()}`], REFUSED],
      ['quotes', () => [`Authorization: Bearer "${good()}"`], REFUSED],
      ['brackets', () => [`Authorization: Bearer <${good()}>`], REFUSED],
      ['a parameter', () => [`Authorization: Bearer token="${good()}"`], REFUSED],
      ['a semicolon', () => [`Authorization: Bearer ${good()};x`], REFUSED],
      ['something behind it', () => [`Authorization: Bearer ${good()} x`], REFUSED],
      ['a letter that looks alike', () => [`Authorization: B\u0435arer ${good()}`], UNAUTHENTICATED],
      ['a byte beyond ASCII in the token', () => [`Authorization: Bearer ${good()}\u00e9`], REFUSED],
      ['a zero byte', () => [`Authorization: Bearer ${good()}\u0000`], NO_HTTP],
      ['a control character', () => [`Authorization: Bearer ${good()}\u0001`], NO_HTTP],
      ['a line end in it', () => [`Authorization: Bearer\r\n ${good()}`], NO_HTTP],
      ['a bare line feed in it', () => [`Authorization: Bearer x\nX-Other: ${good()}`], NO_HTTP],
      ['a bare carriage return in it', () => [`Authorization: Bearer x\rX-Other: ${good()}`], NO_HTTP],
      ['a space before the colon', () => [`Authorization : Bearer ${good()}`], NO_HTTP],
      ['a space before the name', () => [` Authorization: Bearer ${good()}`], NO_HTTP],
      ['no colon', () => [`Authorization Bearer ${good()}`], NO_HTTP],
    ]);
  });

  describe('another scheme', () => {
    describeHeaders([
      ['Basic', () => [`Authorization: Basic ${Buffer.from(`bearer:${good()}`).toString('base64')}`], UNAUTHENTICATED],
      ['Digest', () => ['Authorization: Digest username="alice"'], UNAUTHENTICATED],
      ['Negotiate', () => ['Authorization: Negotiate YII='], UNAUTHENTICATED],
      ['Token', () => [`Authorization: Token ${good()}`], UNAUTHENTICATED],
      ['JWT', () => [`Authorization: JWT ${good()}`], UNAUTHENTICATED],
      ['GNAP', () => [`Authorization: GNAP ${good()}`], UNAUTHENTICATED],
      ['MAC', () => [`Authorization: MAC ${good()}`], UNAUTHENTICATED],
      ['DPoP, which is not taken here', () => [`Authorization: DPoP ${good()}`], REFUSED],
    ]);
  });

  describe('a token in another place', () => {
    describeHeaders(
      [
        'Proxy-Authorization: Bearer',
        'X-Authorization: Bearer',
        'X-Forwarded-Authorization: Bearer',
        'X-Original-Authorization: Bearer',
        'X-Access-Token:',
        'X-Auth-Token:',
        'X-Amzn-Oidc-Accesstoken:',
        'X-MS-Token-AAD-Access-Token:',
        'X-Forwarded-Access-Token:',
        'Authentication: Bearer',
        'Authorisation: Bearer',
        'WWW-Authenticate: Bearer',
        'Access-Token:',
        'Mcp-Session-Id:',
        'Cookie: access_token=',
        'Cookie: Authorization=Bearer ',
        'Sec-WebSocket-Protocol: bearer,',
      ].map((line): Row => [line, () => [`${line} ${good()}`], UNAUTHENTICATED]),
    );
    describeHeaders(
      [
        'X-Forwarded-User: alice',
        'X-Remote-User: alice',
        'X-Forwarded-For: 127.0.0.1',
        'X-Forwarded-Client-Cert: Subject="CN=alice"',
        'X-HTTP-Method-Override: OPTIONS',
        'X-Original-URL: /.well-known/oauth-protected-resource',
        'X-Rewrite-URL: /.well-known/oauth-protected-resource',
        'X-Forwarded-Prefix: /public',
        'X-Middleware-Subrequest: middleware',
        'Mcp-Session-Id: 1',
        'Last-Event-ID: 1',
        'Upgrade: websocket',
      ].map((line): Row => [line, () => [line], UNAUTHENTICATED]),
    );
  });

  describe('a token in the address', () => {
    const request = (target: string, headers: readonly string[] = []) => {
      const body = JSON.stringify(toolCall('ping'));
      return attacked().send([
        `POST ${target} HTTP/1.1`,
        `Host: ${host()}`,
        'Content-Type: application/json',
        'Accept: application/json, text/event-stream',
        'MCP-Protocol-Version: 2026-07-28',
        'Mcp-Method: tools/call',
        'Mcp-Name: ping',
        ...headers,
        `Content-Length: ${body.length}`,
        'Connection: close',
        '',
        body,
      ]);
    };

    test.each<[string, () => string, Verdict]>([
      ['as RFC 6750 had it', () => `/mcp?access_token=${good()}`, MALFORMED],
      ['among others', () => `/mcp?x=1&access_token=${good()}&y`, MALFORMED],
      ['in another encoding', () => `/mcp?access%5Ftoken=${good()}`, MALFORMED],
      ['empty', () => '/mcp?access_token', MALFORMED],
      ['in other case', () => `/mcp?Access_Token=${good()}`, UNAUTHENTICATED],
      ['as a list', () => `/mcp?access_token[]=${good()}`, UNAUTHENTICATED],
      ['by another name', () => `/mcp?token=${good()}`, UNAUTHENTICATED],
      ['as the user of the address', () => `http://${good()}@${host()}/mcp`, UNAUTHENTICATED],
    ])('%s', async (_name, target, verdict) => {
      expectVerdict(await request(target()), verdict);
    });

    test('beside a good header it is refused all the same', async () => {
      expectVerdict(await request(`/mcp?access_token=${good()}`, [`Authorization: Bearer ${good()}`]), MALFORMED);
    });

    test.each([
      '/mcp/',
      '/MCP',
      '//mcp',
      '/./mcp',
      '/x/../mcp',
      '/mcp/.',
      '/mcp/..;/mcp',
      '/mcp;x=1',
      '/mcp%2f',
      '/%6dcp',
      '/mcp%00',
      '/mcp\\',
      '/mcp#x',
      '/mcp/tools',
      '/mcp.json',
      '/.well-known/oauth-protected-resource/../../mcp',
      '/.well-known/oauth-protected-resource/mcp',
      'http://other.example/mcp',
      '*',
    ])('without a token nothing is served at %s', async (target) => {
      const { status, body } = await request(target);
      expect([400, 401, 403, 404, 405]).toContain(status);
      expect(body).not.toContain('pong');
    });
  });

  describe('a request in a request', () => {
    const inner = () => {
      const body = JSON.stringify(toolCall('admin'));
      return `POST /mcp HTTP/1.1\r\nHost: ${host()}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    };
    const request = (headers: readonly string[], body: string) =>
      attacked().send(['POST /mcp HTTP/1.1', `Host: ${host()}`, ...headers, 'Connection: close', '', body]);

    test.each<[string, () => readonly string[], () => string]>([
      ['of two lengths', () => ['Content-Length: 0', `Content-Length: ${inner().length}`], inner],
      ['of two lengths in one', () => [`Content-Length: 0, ${inner().length}`], inner],
      [
        'of a length and chunks',
        () => ['Content-Length: 5', 'Transfer-Encoding: chunked'],
        () => `0\r\n\r\n${inner()}`,
      ],
      ['of chunks that are not', () => ['Content-Length: 0', 'Transfer-Encoding: xchunked'], inner],
      ['of chunks in other words', () => ['Transfer-Encoding: identity, chunked', 'Content-Length: 0'], inner],
      ['of chunks before a colon', () => ['Transfer-Encoding : chunked'], () => `0\r\n\r\n${inner()}`],
      ['of a length below zero', () => ['Content-Length: -1'], inner],
      ['of a length with a sign', () => ['Content-Length: +0'], inner],
      ['of a length in hexadecimals', () => ['Content-Length: 0x0'], inner],
      ['of chunks with a length that is none', () => ['Transfer-Encoding: chunked'], () => `z\r\n${inner()}`],
    ])('%s is no HTTP', async (_name, headers, body) => {
      const { status, body: text } = await request(headers(), body());
      expect(status).toBe(400);
      expect(text).not.toContain('HTTP/1.1');
    });

    test('that follows it on the connection has to bring its own token', async () => {
      const body = JSON.stringify(toolCall('ping'));
      const first = [
        'POST /mcp HTTP/1.1',
        `Host: ${host()}`,
        `Authorization: Bearer ${good()}`,
        'Content-Type: application/json',
        'Accept: application/json, text/event-stream',
        'MCP-Protocol-Version: 2026-07-28',
        'Mcp-Method: tools/call',
        'Mcp-Name: ping',
        `Content-Length: ${body.length}`,
        '',
        `${body}${inner().replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')}`,
      ];
      const { status, body: rest } = await attacked().send(first);
      expect(status).toBe(200);
      expect(rest).toContain('pong');
      expect(rest).toMatch(/HTTP\/1\.1 401 /);
    });
  });

  describe('Host', () => {
    const request = (headers: () => readonly string[], version = '1.1') => {
      const body = JSON.stringify(toolCall('ping'));
      return attacked().send([
        `POST /mcp HTTP/${version}`,
        ...headers(),
        `Authorization: Bearer ${good()}`,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        'Connection: close',
        '',
        body,
      ]);
    };

    // A Host that is there more than once, or that is malformed, is a bad request (RFC 9112 section 3.2).
    test.each<[string, () => readonly string[], number]>([
      ['missing', () => [], 400],
      ['of an attacker', () => ['Host: attacker.example'], 403],
      ['of an attacker, then ours', () => ['Host: attacker.example', `Host: ${host()}`], 400],
      ['ours, then of an attacker', () => [`Host: ${host()}`, 'Host: attacker.example'], 400],
      ['ours, then another one that would do', () => [`Host: ${host()}`, 'Host: 10.0.0.7'], 400],
      ['that begins with ours', () => [`Host: ${host()}.attacker.example`], 400],
      ['with ours as the user', () => [`Host: ${host()}@attacker.example`], 400],
      ['with a path', () => [`Host: attacker.example/${host()}`], 400],
      ['with ours after a comma', () => [`Host: attacker.example, ${host()}`], 400],
      ['empty', () => ['Host:'], 403],
      [
        'of an attacker that a proxy is said to have had',
        () => [`Host: attacker.example`, `X-Forwarded-Host: ${host()}`],
        403,
      ],
      ['localhost with a dot and more', () => ['Host: localhost.attacker.example'], 403],
      ['an address that is a name', () => ['Host: 127.0.0.1.attacker.example'], 403],
    ])('%s', async (_name, headers, status) => {
      const answer = await request(headers);
      expect(answer.status).toBe(status);
      expect(answer.body).not.toContain('pong');
    });

    test('that is the value of another header, as Authorization may be, means nothing', async () => {
      const names = ['X-A: Authorization', 'X-B: Host', 'X-C: DPoP', 'Accept: application/json, text/event-stream'];
      const mirrored = ['MCP-Protocol-Version: 2026-07-28', 'Mcp-Method: tools/call', 'Mcp-Name: ping'];
      const answer = await request(() => [`Host: ${host()}`, ...names, ...mirrored]);
      expect(answer.status).toBe(200);
      expect(answer.body).toContain('pong');
    });
  });

  describe('methods', () => {
    test.each([
      'GET',
      'HEAD',
      'PUT',
      'PATCH',
      'DELETE',
      'TRACE',
      'PROPFIND',
      'LOCK',
      'QUERY',
      'post',
      'CONNECT',
      'BREW',
    ])('%s brings nobody in', async (method) => {
      const { status, body } = await attacked().send([
        `${method} /mcp HTTP/1.1`,
        `Host: ${host()}`,
        'Content-Length: 0',
        'Connection: close',
        '',
        '',
      ]);
      expect([0, 400, 401, 404, 405]).toContain(Number.isNaN(status) ? 0 : status);
      expect(body).not.toContain('pong');
    });
  });

  test('a header that is larger than Node reads is refused, and so is a token of that size', async () => {
    expect((await attacked().call(`Bearer ${'x'.repeat(12_000)}`)).status).toBe(401);
    expect((await attacked().call(`Bearer ${'x'.repeat(20_000)}`)).status).toBe(431);
  });
});
