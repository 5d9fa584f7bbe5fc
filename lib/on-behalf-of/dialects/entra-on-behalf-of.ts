import type { ExchangeDialect, ExchangeRequest } from './dialect.js';
import { toExchangedToken } from './exchanged-token.js';
import { CLIENT_CREDENTIALS, JWT_BEARER } from './token-types.js';
import { findApi, DEFAULT_SCOPE, findEntraTargetProblems } from './entra-scopes.js';
import { joinScopes } from './rfc8693.js';

/** What may differ between applications in Entra ID. */
export interface EntraOnBehalfOfOptions {
  /**
   * Client capabilities of this server, as `xms_cc`. With `['cp1']`, APIs with continuous access evaluation answer 401
   * with a claims challenge instead of issuing short tokens, and clients are sent to sign in with these claims.
   * Defaults to none.
   */
  capabilities?: readonly string[];
}

/**
 * Microsoft Entra ID, on-behalf-of flow (RFC 7523 with `requested_token_use=on_behalf_of`). The scopes name the API:
 * `api://…/.default`, or `https://graph.microsoft.com/User.Read`. A request can name only one API.
 *
 * @param options - `capabilities`: client capabilities of this server
 */
export function entraOnBehalfOf({ capabilities = [] }: EntraOnBehalfOfOptions = {}): ExchangeDialect {
  return {
    name: 'entraOnBehalfOf',
    subject: 'caller',
    grantTypes: [JWT_BEARER],
    fingerprint: [...capabilities],
    ownAuthority: entraApplication(),
    findProblems: findEntraTargetProblems,
    async exchange({ target, caller, subjectToken, claims, dpop, tokenEndpoint }) {
      const { parameters, scopes } = target;
      const answer = await tokenEndpoint.request(
        JWT_BEARER,
        {
          ...parameters,
          assertion: subjectToken,
          requested_token_use: 'on_behalf_of',
          scope: joinScopes(scopes),
          claims: addCapabilities(claims, capabilities),
        },
        { address: (endpoint) => toTenantEndpoint(endpoint, caller), dpop },
      );
      // `/.default` is granted as scopes with other names.
      return toExchangedToken(answer, { scopes: scopes.filter((scope) => !scope.endsWith(DEFAULT_SCOPE)) });
    },
  };
}

/** The server as an application, without a user. Only `/.default` asks for its app roles at the API. */
function entraApplication(): ExchangeDialect {
  return {
    name: 'entraApplication',
    subject: 'client',
    grantTypes: [CLIENT_CREDENTIALS],
    findProblems: findEntraTargetProblems,
    async exchange({ target: { parameters, scopes }, caller, dpop, tokenEndpoint }) {
      const [api] = scopes.flatMap((scope) => findApi(scope) ?? []);
      const form = { ...parameters, scope: api === undefined ? undefined : api + DEFAULT_SCOPE };
      const answer = await tokenEndpoint.request(CLIENT_CREDENTIALS, form, {
        address: (endpoint) => toTenantEndpoint(endpoint, caller),
        dpop,
      });
      return toExchangedToken(answer);
    },
  };
}

/** Adds the capabilities to the demanded claims. */
function addCapabilities(claims: string | undefined, capabilities: readonly string[]): string | undefined {
  if (capabilities.length === 0) return claims;
  const demanded = (claims === undefined ? {} : JSON.parse(claims)) as { access_token?: object };
  return JSON.stringify({ ...demanded, access_token: { ...demanded.access_token, xms_cc: { values: capabilities } } });
}

/**
 * The endpoint of the user's own tenant, because the issuer for all tenants has no endpoint for a single one. Always
 * version 2, because the endpoint in the metadata for version 1 tokens does not know scopes.
 */
function toTenantEndpoint(endpoint: URL, caller: ExchangeRequest['caller']): URL {
  const { tid } = caller?.claims ?? {};
  const url = new URL(endpoint);
  url.pathname = url.pathname.replace(/\/oauth2\/token$/, '/oauth2/v2.0/token');
  if (typeof tid === 'string' && /^[A-Za-z0-9-]+$/.test(tid)) {
    url.pathname = url.pathname.replace(/^\/(organizations|common)\//, `/${tid}/`);
  }
  return url;
}
