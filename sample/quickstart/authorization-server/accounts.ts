import type { FindAccount } from 'oidc-provider';

export const userNames: readonly string[] = ['alice', 'bob'];

export const findAccount: FindAccount = (_ctx, sub) =>
  userNames.includes(sub) ? { accountId: sub, claims: () => ({ sub }) } : undefined;
