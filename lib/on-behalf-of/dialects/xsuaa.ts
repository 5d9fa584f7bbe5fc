import type { ExchangeDialect } from './dialect.js';
import { toExchangedToken } from './exchanged-token.js';
import { joinScopes } from './rfc8693.js';
import { JWT_BEARER } from './token-types.js';

/**
 * XSUAA of SAP BTP, and the UAA of Cloud Foundry: the exchange of a user's token by a JWT bearer grant. The scopes name
 * the API, by its `xsappname`: `orders-api!t1234.view`. The token has those of them that the user and the client have.
 */
export function xsuaa(): ExchangeDialect {
  return {
    name: 'xsuaa',
    subject: 'caller',
    grantTypes: [JWT_BEARER],
    findProblems: ({ audience, resource, scopes }) => [
      ...(audience === undefined && resource === undefined
        ? []
        : ['has `audience` or `resource`, which XSUAA does not know. Name the API in `scopes`']),
      ...(scopes.length === 0
        ? [
            'has no `scopes`, so the token would be good for every API of the user. Set those that are needed, with the name of their application',
          ]
        : []),
    ],
    async exchange({ target: { parameters, scopes }, subjectToken, dpop, tokenEndpoint }) {
      const answer = await tokenEndpoint.request(
        JWT_BEARER,
        {
          // By default these, but a client may be set to have opaque tokens.
          response_type: 'token',
          token_format: 'jwt',
          ...parameters,
          assertion: subjectToken,
          scope: joinScopes(scopes),
        },
        { dpop },
      );
      return toExchangedToken(answer, { scopes });
    },
  };
}
