import { expect, test } from '@jest/globals';
import { AccountRefresh } from '../../lib/on-behalf-of/linking/account-refresh.js';
import type { LinkedAccount } from '../../lib/on-behalf-of/linking/link-records.js';
import type { ResolvedOptions } from '../../lib/options/resolved-options.js';
import { isHeld } from '../support/garbage.js';

/** Unlinks an account. */
async function unlink(from: (records: object) => AccountRefresh): Promise<WeakRef<object>> {
  const account: LinkedAccount = { accessToken: 'access', refreshToken: 'refresh', scopes: [] };
  let kept: LinkedAccount | undefined = account;
  const accounts = from({
    deriveAccountKey: () => 'key',
    findAccount: () => Promise.resolve(kept),
    dropAccount: () => {
      kept = undefined;
      return Promise.resolve(true);
    },
  });
  expect(await accounts.drop({ issuer: 'https://id.example.com', subject: 'alice', downstream: 'crm' })).toBe(account);
  return new WeakRef(account);
}

test('the tokens of an account that was unlinked are kept by nobody', async () => {
  let accounts: AccountRefresh | undefined;
  const account = await unlink((records) => {
    accounts = new AccountRefresh({ replicas: {} } as ResolvedOptions, records as never, {} as never, {} as never);
    return accounts;
  });
  expect(await isHeld(account)).toBe(false);
  expect(accounts).toBeDefined();
});
