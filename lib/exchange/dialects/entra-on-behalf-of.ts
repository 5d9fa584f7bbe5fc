import type { ExchangeDialect, ExchangeRequest, ExchangeTarget } from '../dialect.js';
import { exchangedToken } from '../exchanged-token.js';
import { JWT_BEARER } from '../token-types.js';
import { spaced } from './rfc8693.js';

/** What may differ between applications in Entra ID. */
export interface EntraOnBehalfOfOptions {
  /**
   * What this server can do, as `xms_cc`: with `['cp1']`, APIs with continuous access evaluation answer 401 with claims
   * instead of issuing short tokens, and clients are sent to sign in with these. Defaults to none.
   */
  capabilities?: readonly string[];
}

/**
 * Microsoft Entra ID, on-behalf-of flow (RFC 7523 with `requested_token_use=on_behalf_of`). The scopes name the API:
 * `api://…/.default`, or `https://graph.microsoft.com/User.Read`; one API in a request.
 */
export function entraOnBehalfOf({ capabilities = [] }: EntraOnBehalfOfOptions = {}): ExchangeDialect {
  return {
    name: 'entraOnBehalfOf',
    subject: 'caller',
    grantTypes: [JWT_BEARER],
    fingerprint: [...capabilities],
    problemsOf,
    async exchange({ target, caller, subjectToken, claims, tokenEndpoint }) {
      const answer = await tokenEndpoint.request(
        JWT_BEARER,
        {
          ...target.parameters,
          assertion: subjectToken,
          requested_token_use: 'on_behalf_of',
          scope: spaced(target.scopes),
          claims: claimsWith(claims, capabilities),
        },
        { address: (endpoint) => atTenant(endpoint, caller) },
      );
      return exchangedToken(answer);
    },
  };
}

function problemsOf({ audience, resource, scopes }: ExchangeTarget): readonly string[] {
  const problems: string[] = [];
  if (audience !== undefined || resource !== undefined) {
    problems.push('has `audience` or `resource`, which Entra ID refuses. Name the API in `scopes`: `api://…/.default`');
  }
  if (scopes.length === 0) {
    problems.push('has no `scopes`, by which Entra ID knows the API. Set them, for example `["api://…/.default"]`');
  }
  const named = new Set(scopes.filter((scope) => scope.includes('/')).map((scope) => scope.replace(/\/[^/]*$/, '')));
  if (named.size > 1) {
    problems.push(
      'has `scopes` of several APIs, which Entra ID does not take in one request. Make a downstream of each',
    );
  }
  return problems;
}

/** The capabilities beside what is demanded. */
function claimsWith(claims: string | undefined, capabilities: readonly string[]): string | undefined {
  if (capabilities.length === 0) return claims;
  const demanded = (claims === undefined ? {} : JSON.parse(claims)) as { access_token?: object };
  return JSON.stringify({ ...demanded, access_token: { ...demanded.access_token, xms_cc: { values: capabilities } } });
}

/** An issuer for all tenants has an endpoint for none of them: the user's own is asked. */
function atTenant(endpoint: URL, caller: ExchangeRequest['caller']): URL {
  const { tid } = caller?.claims ?? {};
  if (typeof tid !== 'string' || !/^[A-Za-z0-9-]+$/.test(tid)) return endpoint;
  const url = new URL(endpoint);
  url.pathname = url.pathname.replace(/^\/(organizations|common)\//, `/${tid}/`);
  return url;
}
