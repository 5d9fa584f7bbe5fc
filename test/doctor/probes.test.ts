import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { clientSecretBasic, type McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { readSecret } from '../../lib/command-line/read-secret.js';
import { examineExports, type AskedProbes } from '../../lib/doctor/configuration-file.js';
import { sendJson, TestIssuer } from '../support/test-issuer.js';

const RESOURCE = 'https://mcp.example/mcp';

let issuer: TestIssuer;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctor-'));
});
afterAll(() => rm(folder, { recursive: true }));
beforeEach(async () => {
  issuer = await TestIssuer.start();
});
afterEach(() => issuer.close());

async function examine(asked: AskedProbes, changes: Partial<McpAuthModuleOptions> = {}) {
  const options: McpAuthModuleOptions = {
    server: { name: 'orders', version: '1.0.0' },
    resource: RESOURCE,
    issuers: [{ issuer: issuer.issuer }],
    client: { id: 'mcp', authentication: clientSecretBasic('the-secret-of-the-probe') },
    downstreams: { orders: { baseUrl: 'https://orders.example', audience: 'orders-api' } },
    ...changes,
  };
  const findings = await examineExports({ options }, asked);
  return findings.map(({ code, severity, message, fix }) => ({ code, severity, text: `${message} ${fix}` }));
}

const errorsOf = async (...asked: Parameters<typeof examine>) =>
  (await examine(...asked)).filter(({ severity }) => severity === 'error');

const answer = (status: number, body: object) =>
  issuer.answers.set('/token', (_request, response) => {
    sendJson(response, status, body);
  });

test('a token that has to be refused, and is, is no finding', async () => {
  answer(400, { error: 'invalid_grant', error_description: 'Invalid token' });
  expect(await errorsOf({ probe: true })).toEqual([]);
});

test.each<[string, number, object, string]>([
  ['credentials', 401, { error: 'invalid_client' }, 'client_rejected'],
  ['the grant', 400, { error: 'unauthorized_client' }, 'exchange_not_allowed'],
  ['a grant that nobody has', 400, { error: 'unsupported_grant_type' }, 'exchange_not_allowed'],
  ['the target', 400, { error: 'invalid_target' }, 'target_refused'],
  ['nothing, because it fails', 400, {}, 'target_refused'],
])('a provider that refuses %s', async (_name, status, body, code) => {
  answer(status, body);
  expect(await errorsOf({ probe: true })).toEqual([
    expect.objectContaining({ code, text: expect.stringContaining('orders-api') as unknown }),
  ]);
});

test('without being asked to, it sends no credentials', async () => {
  await examine({});
  expect(issuer.requests).not.toContain('/token');
});

test('the token of a user is walked through the steps, and never told', async () => {
  const token = await issuer.token({ aud: RESOURCE, scope: 'orders:read' });
  const findings = await examine({ token });
  expect(findings.filter(({ text }) => /^Step/.test(text)).map(({ code }) => code)).toEqual([
    'token_accepted',
    'exchange_works',
  ]);
  expect(JSON.stringify(findings)).not.toContain(token.split('.')[1]);
});

test.each<[string, Record<string, unknown>, RegExp]>([
  ['for another server', { aud: 'https://other.example' }, /its aud is "https:\/\/other\.example", and wanted is/],
  ['of another issuer', { iss: 'https://other.example' }, /its iss is "https:\/\/other\.example"/],
  ['that has expired', { aud: RESOURCE, exp: 1 }, /its exp is 1970/],
])('a token %s is refused as the server would refuse it', async (_name, claims, text) => {
  const token = await issuer.token(claims);
  expect(await errorsOf({ token })).toEqual([
    expect.objectContaining({ code: 'token_refused', text: expect.stringMatching(text) as unknown }),
  ]);
});

test('a token is read from a file or a variable, and refused as an argument', async () => {
  const file = join(folder, 'token');
  await writeFile(file, 'Bearer abc\n');
  expect(await readSecret(file)).toBe('abc');
  process.env.TOKEN_OF_THE_PROBE = ' xyz ';
  expect(await readSecret('env:TOKEN_OF_THE_PROBE')).toBe('xyz');
  delete process.env.TOKEN_OF_THE_PROBE;
  await expect(readSecret('env:TOKEN_OF_THE_PROBE')).rejects.toThrow('there is no token');
  await expect(readSecret(await issuer.token())).rejects.toThrow('seen by others');
});
