import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { clientSecretBasic, type IssuerOptions } from 'nestjs-mcp-auth';
import { sendJson } from '../support/test-issuer.js';
import { RESOURCE, Route, type WalkParts } from './walked.js';

let route: Route;
beforeAll(async () => {
  route = await Route.start();
});
afterAll(() => route.close());

const told = async (parts: WalkParts) => (await route.walk(parts)).filter(({ code }) => code === 'token_short_lived');

/** A token that has been in use for a minute. */
function lasting(seconds: number): { iat: number; exp: number } {
  const iat = Math.floor(Date.now() / 1000) - 60;
  return { iat, exp: iat + seconds };
}

const warning = (seconds: number) => ({
  code: 'token_short_lived',
  severity: 'warning',
  subject: route.issuer.issuer,
  text: expect.stringMatching(
    new RegExp(`^Step 7: the token lasts ${seconds} seconds\\. VS Code .*accessTokenLifespan=900`),
  ),
});

test.each([300, 120])('a token that lasts %i seconds is refreshed without end by VS Code', async (seconds) => {
  expect(await told({ token: lasting(seconds) })).toEqual([warning(seconds)]);
});

test('a token that lasts longer is not, however little of it is left', async () => {
  const { iat, exp } = lasting(301);
  expect(await told({ token: { iat, exp } })).toEqual([]);
  expect(await told({ token: { iat: iat - 700, exp } })).toEqual([]);
});

test('a client without a user refreshes nothing', async () => {
  expect(await told({ token: { ...lasting(300), sub: 'batch', client_id: 'batch' } })).toEqual([]);
});

test('of an opaque token, it is known if the issuer says both times', async () => {
  const endpoint = `${route.issuer.issuer}/introspect`;
  const introspection = { endpoint, client: { id: 'mcp', authentication: clientSecretBasic('s') } };
  const trust: Partial<IssuerOptions> = { introspection };
  const { iat, exp } = lasting(300);
  const active = { active: true, sub: 'alice', aud: RESOURCE, scope: 'orders:read', client_id: 'assistant', exp };
  for (const [says, found] of [
    [{ ...active, iat }, [warning(300)]],
    [active, []],
  ] as const) {
    route.issuer.answers.set('/introspect', (_request, response) => {
      sendJson(response, 200, says);
    });
    expect(await told({ token: 'Gk2yR7mQ', trust })).toEqual(found);
  }
});
