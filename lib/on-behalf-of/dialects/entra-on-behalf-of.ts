import type { ExchangeDialect, ExchangeRequest } from './dialect.js';
import { toExchangedToken } from './exchanged-token.js';
import { CLIENT_CREDENTIALS, JWT_BEARER } from './token-types.js';
import { findApi, DEFAULT_SCOPE, findEntraTargetProblems } from './entra-scopes.js';
import { joinScopes } from './rfc8693.js';

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
 *
 * @param options - `capabilities`: what this server can do
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
      // What stands for all scopes is granted by other names.
      return toExchangedToken(answer, { scopes: scopes.filter((scope) => !scope.endsWith(DEFAULT_SCOPE)) });
    },
  };
}

/** The server as an application, without a user: its app roles at the same API, which only `/.default` asks for. */
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

/** The capabilities beside what is demanded. */
function addCapabilities(claims: string | undefined, capabilities: readonly string[]): string | undefined {
  if (capabilities.length === 0) return claims;
  const demanded = (claims === undefined ? {} : JSON.parse(claims)) as { access_token?: object };
  return JSON.stringify({ ...demanded, access_token: { ...demanded.access_token, xms_cc: { values: capabilities } } });
}

/**
 * The user's own tenant, because an issuer for all tenants has an endpoint for none of them; and version 2, because the
 * metadata for tokens of version 1 has an endpoint that knows no scopes.
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
