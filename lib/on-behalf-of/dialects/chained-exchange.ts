import type { AnswerOptions } from './answer-options.js';
import type { ExchangedToken, ExchangeRequest, ForeignAuthorizationServer } from './dialect.js';
import { joinScopes } from './rfc8693.js';
import { toExchangedToken } from './exchanged-token.js';
import { readAssertion } from './issued-assertion.js';
import { JWT_BEARER, TOKEN_EXCHANGE } from './token-types.js';

/** From the caller's issuer to another authorization server. */
export interface Chain {
  readonly authorizationServer: ForeignAuthorizationServer;
  readonly subjectTokenType: string;
  /** What is requested from the issuer and presented to the other authorization server. */
  readonly assertionType: string;
  /** What the issuer may say that it has issued. Defaults to the assertion's type. */
  readonly issued?: Pick<AnswerOptions, 'issuedTokenType' | 'acceptMissingIssuedTokenType'>;
  /** Whether the assertion is an ID-JAG. Its header and `client_id` are checked then. */
  readonly isIdJag?: boolean;
}

/**
 * Exchanges (RFC 8693) for an assertion, and presents the assertion as an authorization grant (RFC 7523 section 2.1) to
 * the other authorization server. The assertion is used for this call only.
 */
export async function exchangeInChain(
  { target, subjectToken, dpop, tokenEndpoint }: ExchangeRequest,
  { authorizationServer, subjectTokenType, assertionType, issued, isIdJag = false }: Chain,
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
    ...{ issuedTokenType: assertionType, ...issued },
    audiences: [issuer, audience].flat(),
    not: subjectToken,
    ...(isIdJag && { idJagFor: client.id }),
  });
  // The assertion already names the resource.
  const form = { assertion, scope: joinScopes(scopes) };
  return toExchangedToken(await tokenEndpoint.request(JWT_BEARER, form, { authorizationServer, dpop }), { scopes });
}
