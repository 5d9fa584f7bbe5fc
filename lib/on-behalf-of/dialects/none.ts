import type { ExchangeDialect } from './dialect.js';

/** A public API, which is called without a token. */
export function none(): ExchangeDialect {
  return {
    name: 'none',
    subject: 'none',
    grantTypes: [],
    findProblems: ({ audience, resource, scopes }) =>
      audience !== undefined || resource !== undefined || scopes.length > 0
        ? [
            'has `audience`, `resource` or `scopes`, but its dialect asks for no token. Remove them, or choose another dialect',
          ]
        : [],
    exchange: () => Promise.resolve(undefined),
  };
}
