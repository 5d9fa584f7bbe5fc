import { afterEach, expect, jest, test } from '@jest/globals';
import { IntrospectingServer } from '../introspection/introspecting-server.js';
import { selfSignedCertificate } from '../quickstart/self-signed-certificate.js';
import { listen } from '../support/listen.js';
import { sendJson } from '../support/test-issuer.js';

afterEach(() => {
  jest.restoreAllMocks();
});

test('RFC 7662 section 2.1: MUST send the token in the form of a POST', async () => {
  const server = await IntrospectingServer.start();
  const seen: unknown[] = [];
  server.answer = (response, body, { method, url, headers }) => {
    seen.push([method, url, headers['content-type']?.split(';')[0], body.get('token')]);
    sendJson(response, 200, server.active());
  };
  expect(await server.status('opaque~token')).toBe(200);
  expect(seen).toEqual([['POST', '/introspect', 'application/x-www-form-urlencoded', 'opaque~token']]);
  await server.close();
});

test('RFC 7662 section 2.2: active has to be there, and be true', async () => {
  const server = await IntrospectingServer.start();
  const statuses: Record<string, number> = {};
  for (const active of [true, false, undefined, null, 'true', 1] as unknown[]) {
    server.say({ active });
    statuses[active === undefined ? 'absent' : JSON.stringify(active)] = await server.status();
  }
  expect(statuses).toEqual({ true: 200, false: 401, absent: 503, null: 503, '"true"': 503, 1: 503 });
  await server.close();
});

test('RFC 7662 section 4: MUST check the certificate of the authorization server', async () => {
  const asked: unknown[] = [];
  const outcomes: unknown[] = [];
  for (const tls of [undefined, selfSignedCertificate()]) {
    const endpoint = await listen(undefined, tls);
    const server = await IntrospectingServer.start({ introspection: { endpoint: `${endpoint.origin}/introspect` } });
    endpoint.server.on('request', (request, response) => {
      asked.push(request.url);
      sendJson(response, 200, server.active());
    });
    outcomes.push([await server.status('opaque~token'), asked.length]);
    await server.close();
    await endpoint.close();
  }
  // On loopback without TLS it would do: the second is refused for its certificate, which nobody vouches for.
  expect(outcomes).toEqual([
    [200, 1],
    [503, 1],
  ]);
});

test('RFC 7662 section 4: MUST NOT remember an answer beyond its exp', async () => {
  const now = Math.floor(Date.now() / 1000);
  const clock = jest.spyOn(Date, 'now').mockReturnValue(now * 1000);
  const server = await IntrospectingServer.start({ introspection: { cacheMs: 300_000 } });
  server.say({ exp: now + 60 });
  const statusAfter = async (seconds: number) => {
    clock.mockReturnValue((now + seconds) * 1000);
    return await server.status('opaque~token');
  };
  expect([await statusAfter(0), await statusAfter(59), server.asked.length]).toEqual([200, 200, 1]);
  // Within the tolerance for clocks it is asked about again, each time.
  expect([await statusAfter(61), await statusAfter(62), server.asked.length]).toEqual([200, 200, 3]);
  expect(await statusAfter(66)).toBe(401);
  await server.close();
});
