import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { IssuerResolverOptions } from 'nestjs-mcp-auth';
import { examineExports } from '../../lib/doctor/configuration-file.js';
import { TestIssuer } from '../support/test-issuer.js';

let issuer: TestIssuer;
beforeEach(async () => {
  issuer = await TestIssuer.start();
});
afterEach(() => issuer.close());

async function examine(names: readonly string[], resolve?: IssuerResolverOptions['resolve']) {
  const pattern = `${issuer.origin}/realms/*`;
  const options = {
    server: { name: 'orders', version: '1.0.0' },
    resource: 'https://mcp.example/mcp',
    issuers: [{ issuer: issuer.issuer }],
    ...(resolve && { issuerResolver: { pattern, resolve } }),
  };
  const findings = await examineExports({ options }, { issuers: names });
  return findings.map(({ code, subject, message }) => ({ code, subject, message }));
}

test('an issuer that is found is examined as a configured one', async () => {
  const iss = `${issuer.origin}/realms/acme`;
  const found = await examine([iss], (asked) => ({ issuer: asked, acceptMissingType: true }));
  expect(found).toContainEqual(expect.objectContaining({ code: 'issuer_metadata_unusable', subject: iss }));
  expect(found).toContainEqual(
    expect.objectContaining({ code: 'check_relaxed', message: expect.stringContaining(iss) }),
  );
});

test.each<[string, (origin: string) => string, IssuerResolverOptions['resolve'], RegExp]>([
  ['is not within the pattern', (origin) => `${origin}/other`, () => undefined, /not within `issuerResolver\.pattern`/],
  ['is nobody’s', (origin) => `${origin}/realms/x`, () => undefined, /returns nothing for it/],
  [
    'cannot be looked up',
    (origin) => `${origin}/realms/x`,
    () => Promise.reject(new Error('no database')),
    /fails: no database/,
  ],
  [
    'has options that cannot be used',
    (origin) => `${origin}/realms/x`,
    (iss) => ({ issuer: iss, acceptMissingAudience: true }),
    /returns what cannot be used: .*acceptMissingAudience/,
  ],
])('an issuer that %s is a finding', async (_name, toName, resolve, message) => {
  const iss = toName(issuer.origin);
  expect(await examine([iss], resolve)).toContainEqual({
    code: 'issuer_not_found',
    subject: iss,
    message: expect.stringMatching(message),
  });
});

test('nobody can find an issuer without a resolver, and one that is configured need not be found', async () => {
  await expect(examine(['https://other.example'])).rejects.toThrow(/no `issuerResolver` to find it/);
  expect((await examine([issuer.issuer])).some(({ code }) => code === 'issuer_not_found')).toBe(false);
});
