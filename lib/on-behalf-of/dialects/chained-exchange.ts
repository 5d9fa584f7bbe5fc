import type { ExchangedToken, ExchangeRequest, ForeignAuthorizationServer } from './dialect.js';
import { joinScopes } from './rfc8693.js';
import { toExchangedToken } from './exchanged-token.js';
import { readAssertion } from './issued-assertion.js';
import { JWT_BEARER, TOKEN_EXCHANGE } from './token-types.js';

/** From the caller's issuer to another authorization server. */
export interface Chain {
  readonly authorizationServer: ForeignAuthorizationServer;
  readonly subjectTokenType: string;
  /** What the issuer is asked for, and the other one is shown. */
  readonly assertionType: string;
  /** Whether it is an ID-JAG, whose header and `client_id` say so. */
  readonly isIdJag?: boolean;
}

/**
 * An exchange (RFC 8693) for an assertion, and the assertion as an authorization grant (RFC 7523 section 2.1) at the other
 * authorization server. The assertion lives for this call alone.
 */
export async function exchangeInChain(
  { target, subjectToken, dpop, tokenEndpoint }: ExchangeRequest,
  { authorizationServer, subjectTokenType, assertionType, isIdJag = false }: Chain,
): Promise<ExchangedToken> {
  const { issuer, client } = authorizationServer;
  const { audience = issuer, resource, scopes, parameters } = target;
  const grant = await tokenEndpoint.request(TOKEN_EXCHANGE, {
    ...parameters,
    subject_token: subjectToken,
    subject_token_type: subjectTokenType,
    requested_token_type: assertionType,
    audience,
    resource,
    scope: joinScopes(scopes),
  });
  const assertion = readAssertion(grant, {
    issuedTokenType: assertionType,
    audiences: [issuer, audience].flat(),
    not: subjectToken,
    ...(isIdJag && { idJagFor: client.id }),
  });
  // The resource is in the assertion.
  const form = { assertion, scope: joinScopes(scopes) };
  return toExchangedToken(await tokenEndpoint.request(JWT_BEARER, form, { authorizationServer, dpop }), { scopes });
}
