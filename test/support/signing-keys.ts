import { exportJWK, generateKeyPair, type JWK } from 'jose';

/** Keys of servers that are closed. Making one takes longer than most tests. */
const free: JWK[] = [];

/** A private RSA key that no other authorization server has that runs in this file of tests. */
export async function takeSigningKey(): Promise<JWK> {
  const used = free.pop();
  if (used) return used;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid: 'rsa', alg: 'RS256', use: 'sig' };
}

/** Gives a key to the next server that starts. */
export function returnSigningKey(key: JWK): void {
  if (!free.includes(key)) free.push(key);
}
