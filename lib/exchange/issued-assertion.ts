import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { TokenEndpointAnswer } from './dialect.js';
import { TokenEndpointError } from './token-endpoint-error.js';

/** What an assertion must be. */
export interface AssertionDemand {
  readonly issuedTokenType: string;
  /** `typ` of its header. */
  readonly type?: string;
  /** What its `aud` has to name. */
  readonly audience?: string;
}

/**
 * Takes the assertion for a second authorization server out of the first one's answer. It is no access token: its
 * `token_type` is `N_A` (RFC 8693 section 2.2.1).
 *
 * @throws TokenEndpointError if it is not what was asked for
 */
export function issuedAssertion(answer: TokenEndpointAnswer, demand: AssertionDemand): string {
  const { access_token: assertion, token_type, issued_token_type } = answer;
  if (issued_token_type !== demand.issuedTokenType) throw unusable('issued_token_type is not what was asked for');
  // Some servers call a JWT that they issue as a grant a bearer token.
  if (token_type !== 'n_a' && (demand.type !== undefined || token_type !== 'bearer'))
    throw unusable('token_type of an assertion is not N_A');
  const { typ, aud } = contentsOf(assertion);
  if (demand.type !== undefined && typ?.toLowerCase().replace(/^application\//, '') !== demand.type)
    throw unusable('the assertion is of another type');
  if (demand.audience !== undefined && ![aud ?? []].flat().includes(demand.audience))
    throw unusable('the assertion is for somebody else');
  return assertion;
}

function contentsOf(assertion: string): { typ: string | undefined; aud: string | string[] | undefined } {
  try {
    return { typ: decodeProtectedHeader(assertion).typ, aud: decodeJwt(assertion).aud };
  } catch {
    throw unusable('the assertion is not a JWT');
  }
}

function unusable(what: string): TokenEndpointError {
  return new TokenEndpointError(what, { status: 200, unusable: true });
}
