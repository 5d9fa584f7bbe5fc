import { afterEach, describe, expect, test } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { McpAuthModule, McpTool, type IssuerOptions } from 'nestjs-mcp-auth';
import { optionsFor } from '../support/module-options.js';
import { post, toolCall } from '../support/mcp-request.js';
import { startApplication, type TestApplication } from '../support/test-application.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

@Injectable()
class Tools {
  @McpTool({ description: 'x' })
  hello(): string {
    return 'hello';
  }
}

const CONTOSO = '72f988bf-86f1-41af-91ab-2d7cd011db47';
const FABRIKAM = 'f8cdef31-a31e-4b4a-93e4-5f571e91255a';
const UNLISTED = '9188040d-6c67-4c5b-b112-36a304b66dad';
const METADATA = '/common/v2.0/.well-known/openid-configuration';

let issuer: TestIssuer;
let application: TestApplication;

const identifierOf = (tenant: string) => `${issuer.origin}/${tenant}/v2.0`;
const resource = () => `${application.origin}/mcp`;

async function start(trust: (origin: string) => Partial<IssuerOptions>): Promise<void> {
  issuer = await TestIssuer.start();
  for (const tenant of [CONTOSO, FABRIKAM]) {
    issuer.answers.set(`/.well-known/oauth-authorization-server/${tenant}/v2.0`, (_request, response) => {
      sendJson(response, 200, { ...issuer.metadata(), issuer: identifierOf(tenant) });
    });
  }
  issuer.answers.set(METADATA, (_request, response) => {
    sendJson(response, 200, { ...issuer.metadata(), issuer: identifierOf('{tenantid}') });
  });
  const issuers = [{ issuer: identifierOf('{tenantid}'), ...trust(issuer.origin) }];
  application = await startApplication({
    imports: (origin) => [McpAuthModule.forRoot(optionsFor(origin, issuer.issuer, { issuers }))],
    providers: [Tools],
  });
}

const listed = () => start(() => ({ tenants: [CONTOSO, FABRIKAM] }));
const any = () => start((origin) => ({ acceptAnyTenant: true, metadataUrl: `${origin}${METADATA}` }));

async function call(claims: Record<string, unknown>, key = issuer.keys[0]): Promise<number> {
  const token = await issuer.token({ aud: resource(), ...claims }, {}, key);
  return (await post(resource(), toolCall('hello'), { token })).status;
}

/** Publishes the issuer's newest key with an `issuer` member, as Entra ID does. */
function publishFor(keyIssuer: unknown): void {
  issuer.answers.set('/jwks', (_request, response) => {
    sendJson(response, 200, {
      keys: issuer.keys.map(({ publicJwk }, index) => ({ ...publicJwk, ...(index > 0 && { issuer: keyIssuer }) })),
    });
  });
}

afterEach(async () => {
  await application.close();
  await issuer.close();
});

describe.each<[string, () => Promise<void>]>([
  ['listed tenants', listed],
  ['any tenant', any],
])('with %s', (_name, startWith) => {
  test('tokens of each pass', async () => {
    await startWith();
    for (const tid of [CONTOSO, FABRIKAM]) expect(await call({ iss: identifierOf(tid), tid })).toBe(200);
  });

  test.each<[string, (iss: string) => Record<string, unknown>]>([
    ['a tid of another tenant', (iss) => ({ iss, tid: FABRIKAM })],
    ['no tid', (iss) => ({ iss, tid: undefined })],
    ['a tid that is no string', (iss) => ({ iss, tid: [CONTOSO] })],
    ['a tid in capitals', (iss) => ({ iss, tid: CONTOSO.toUpperCase() })],
    ['a slash behind the issuer', (iss) => ({ iss: `${iss}/`, tid: CONTOSO })],
    ['an issuer in capitals', (iss) => ({ iss: iss.toUpperCase(), tid: CONTOSO })],
    ['dot segments', (iss) => ({ iss: iss.replace(CONTOSO, `x/../${CONTOSO}`), tid: CONTOSO })],
    ['a longer tenant id', (iss) => ({ iss: iss.replace(CONTOSO, `${CONTOSO}0`), tid: CONTOSO })],
    ['a line break behind the issuer', (iss) => ({ iss: `${iss}\n`, tid: CONTOSO })],
    ['the template itself', (iss) => ({ iss: iss.replace(CONTOSO, '{tenantid}'), tid: '{tenantid}' })],
    ['an empty tenant', (iss) => ({ iss: iss.replace(CONTOSO, ''), tid: '' })],
    ['another host', () => ({ iss: `https://evil.example/${CONTOSO}/v2.0`, tid: CONTOSO })],
    ['the issuer inside another', (iss) => ({ iss: `https://evil.example/${iss}`, tid: CONTOSO })],
  ])('a token with %s is refused', async (_case, claims) => {
    await startWith();
    expect(await call(claims(identifierOf(CONTOSO)))).toBe(401);
  });

  test.each<[string, () => unknown]>([
    ['another tenant', () => identifierOf(UNLISTED)],
    ['something that is no issuer', () => 7],
  ])('a key that is for %s signs nothing here', async (_case, keyIssuer) => {
    await startWith();
    const key = await issuer.addKey('ES256');
    publishFor(keyIssuer());
    expect(await call({ iss: identifierOf(CONTOSO), tid: CONTOSO })).toBe(200);
    expect(await call({ iss: identifierOf(CONTOSO), tid: CONTOSO }, key)).toBe(401);
  });

  test('a key that is for all tenants is good', async () => {
    await startWith();
    const key = await issuer.addKey('ES256');
    publishFor(identifierOf('{tenantid}'));
    expect(await call({ iss: identifierOf(CONTOSO), tid: CONTOSO }, key)).toBe(200);
  });
});

test('a key that is for the listed tenant is good for it, and not for another', async () => {
  await listed();
  const key = await issuer.addKey('ES256');
  publishFor(identifierOf(CONTOSO));
  expect(await call({ iss: identifierOf(CONTOSO), tid: CONTOSO }, key)).toBe(200);
  expect(await call({ iss: identifierOf(FABRIKAM), tid: FABRIKAM }, key)).toBe(401);
});

test('an unlisted tenant is refused, and nothing is fetched for it', async () => {
  await listed();
  expect(await call({ iss: identifierOf(UNLISTED), tid: UNLISTED })).toBe(401);
  expect(issuer.requests).toEqual([]);
});

test('any tenant is served from one set of keys, at the address given', async () => {
  await any();
  expect(await call({ iss: identifierOf(UNLISTED), tid: UNLISTED })).toBe(200);
  expect(await call({ iss: identifierOf(CONTOSO), tid: CONTOSO })).toBe(200);
  expect(issuer.requests).toEqual([METADATA, '/jwks']);
});
