import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from '@jest/globals';
import { clientSecretBasic } from 'nestjs-mcp-auth';
import { listen } from '../../../support/listen.js';
import { sendJson, type TestIssuer } from '../../../support/test-issuer.js';
import { Deployment } from './deployment.js';

const USERS = ['alice', 'bob', 'carol'];

let deployment: Deployment;
const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  await deployment.close();
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** Puts a token endpoint before that of the issuer, which accepts these secrets of the client alone. */
async function acceptOnly(issuer: TestIssuer, secrets: ReadonlySet<string>): Promise<void> {
  const endpoint = await listen((request, response) => {
    const [, credentials = ''] = /^Basic (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    const [, secret = ''] = Buffer.from(credentials, 'base64').toString().split(':');
    if (!secrets.has(secret)) {
      sendJson(response, 401, { error: 'invalid_client' });
      return;
    }
    const { authorization = '', 'content-type': type = '' } = request.headers;
    void text(request).then(async (body) => {
      const headers = { authorization, 'content-type': type };
      const answer = await fetch(`${issuer.origin}/token`, { method: 'POST', headers, body });
      sendJson(response, answer.status, await answer.json());
    });
  });
  cleanUps.push(() => endpoint.close());
  const metadata = { ...issuer.metadata(), token_endpoint: `${endpoint.origin}/token` };
  issuer.metadata = () => metadata;
}

test("the secret of the server's own client is changed without a lost call", async () => {
  const accepted = new Set(['the-old-secret']);
  const vault = { secret: 'the-old-secret' };
  const authentication = clientSecretBasic(() => vault.secret);
  deployment = await Deployment.start(
    () => ({ client: { id: 'mcp', authentication } }),
    (issuer) => acceptOnly(issuer, accepted),
  );
  const exchanges = () => deployment.issuer.exchanges.length;
  const tokens = await Promise.all(USERS.map((user) => deployment.token(user)));
  deployment.keepDoing(
    ...tokens.map((token, user) => async () => {
      for (const replica of [0, 1]) await deployment.find(token, USERS[user] ?? '', replica);
    }),
  );
  await deployment.settle();
  accepted.add('the-new-secret');
  await deployment.settle();
  // These replicas have no store: each exchanges for itself.
  expect(exchanges()).toBe(2 * USERS.length);
  vault.secret = 'the-new-secret';
  await deployment.settle();
  expect(exchanges()).toBe(4 * USERS.length);
  accepted.delete('the-old-secret');
  await deployment.settle();
  expect([deployment.lost, exchanges()]).toEqual([[], 4 * USERS.length]);
});

test('keys of the issuer are changed without a lost call', async () => {
  deployment = await Deployment.start(() => ({}));
  const { issuer } = deployment;
  const [old] = issuer.keys;
  let earlier = await deployment.token('alice');
  deployment.keepDoing(
    // A new token with each call, and one that is some calls old.
    async () => deployment.find(await deployment.token('bob'), 'bob'),
    () => deployment.find(earlier, 'alice'),
  );
  await deployment.settle();
  const next = await issuer.addKey('ES256');
  await deployment.settle();
  issuer.keys = [next, ...issuer.keys.filter((key) => key !== next)];
  await deployment.settle();
  // Here the longest life of an access token passes.
  earlier = await deployment.token('alice');
  await deployment.settle();
  if (old) issuer.removeKey(old);
  await deployment.settle();
  expect(deployment.lost).toEqual([]);
});
