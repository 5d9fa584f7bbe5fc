import type { ExchangeDialect } from './dialect.js';
import { clientCredentials } from './client-credentials.js';

const BY_DEFAULT = clientCredentials();

/** What stands in for a caller without a user, where a downstream allows it; `false` where nothing can. */
export function findOwnAuthority({ ownAuthority = BY_DEFAULT }: ExchangeDialect): ExchangeDialect | false {
  return ownAuthority;
}
