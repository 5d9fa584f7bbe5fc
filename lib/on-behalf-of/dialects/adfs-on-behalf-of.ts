import type { ExchangeDialect } from './dialect.js';
import { toExchangedToken } from './exchanged-token.js';
import { joinScopes } from './rfc8693.js';
import { JWT_BEARER } from './token-types.js';

/**
 * AD FS 2016 and later, on-behalf-of flow (MS-OAPX section 3.1.5.2.1.1). `resource` is the identifier of the API's Web
 * API. AD FS exchanges only tokens that have the scope `user_impersonation`, and that were issued for a Web API whose
 * identifier is the id of the client that asks.
 */
export function adfsOnBehalfOf(): ExchangeDialect {
  return {
    name: 'adfsOnBehalfOf',
    subject: 'caller',
    grantTypes: [JWT_BEARER],
    findProblems: ({ audience, resource }) => [
      ...(audience === undefined ? [] : ['has `audience`, which AD FS does not know. Name the API in `resource`']),
      ...(typeof resource === 'string'
        ? []
        : ["has no single `resource`. Set it to the identifier of the API's Web API in AD FS"]),
    ],
    async exchange({ target: { parameters, resource, scopes }, subjectToken, dpop, tokenEndpoint }) {
      const answer = await tokenEndpoint.request(
        JWT_BEARER,
        {
          ...parameters,
          assertion: subjectToken,
          requested_token_use: 'on_behalf_of',
          resource,
          scope: joinScopes(scopes),
        },
        { dpop },
      );
      return toExchangedToken(answer, { scopes });
    },
  };
}
