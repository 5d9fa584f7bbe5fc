import { TestIssuer as Issuer } from 'nestjs-mcp-auth/testing';
import { keepSecret } from './secret-watch.js';

export { sendJson } from '../../lib/testing/loopback.js';

/** The issuer of the package's test kit, whose tokens must not be seen in logs, events, spans and answers. */
export interface TestIssuer extends Issuer {
  /** The forms that the token endpoint was sent, as they came. */
  readonly exchanges: Record<string, string>[];
}

export const TestIssuer = {
  start: async (path = ''): Promise<TestIssuer> => {
    const exchanges: Record<string, string>[] = [];
    const onExchange = (form: URLSearchParams) => exchanges.push(Object.fromEntries(form));
    const issuer = await Issuer.start({ path, publishes: 'oauth', onToken: keepSecret, onExchange });
    issuer.exchangedClaims = { act: { sub: 'mcp-server' } };
    return Object.assign(issuer, { exchanges });
  },
};
