import type { ExchangeDialect } from './dialect.js';
import { clientCredentials } from './client-credentials.js';

const BY_DEFAULT = clientCredentials();

/** The dialect for callers without a user, if a downstream allows them; `false` if there is no such dialect. */
export function findOwnAuthority({ ownAuthority = BY_DEFAULT }: ExchangeDialect): ExchangeDialect | false {
  return ownAuthority;
}
