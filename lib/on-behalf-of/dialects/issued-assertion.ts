import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose';
import type { TokenEndpointAnswer } from './dialect.js';
import { checkIssuedTokenType } from './exchanged-token.js';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';

/** Requirements for an assertion. */
export interface AssertionDemand {
  readonly issuedTokenType: string | readonly string[];
  /** Whether an answer without `issued_token_type` is right, too. */
  readonly acceptMissingIssuedTokenType?: boolean;
  /** Its `aud` has to name one of these. */
  readonly audiences: readonly string[];
  /** The caller's token, which must not come back as the assertion: it goes to nobody but its issuer. */
  readonly not: string;
  /** The client that an ID-JAG has to be for; `undefined` for other assertions. */
  readonly idJagFor?: string;
}

/**
 * Takes the assertion for a second authorization server out of the first one's answer. An assertion is not an access
 * token: its `token_type` is `N_A` (RFC 8693 section 2.2.1).
 *
 * @throws TokenEndpointError if the assertion is not what was asked for
 */
export function readAssertion(answer: TokenEndpointAnswer, demand: AssertionDemand): string {
  const { access_token: assertion, token_type } = answer;
  const { audiences, not, idJagFor } = demand;
  const type = token_type.toLowerCase();
  checkIssuedTokenType(answer, demand);
  // Some servers say `bearer` for a JWT that is a grant. For an ID-JAG that is wrong.
  if (type !== 'n_a' && (idJagFor !== undefined || type !== 'bearer'))
    throw createUnusableError('token_type of an assertion is not N_A');
  if (assertion === not) throw createUnusableError('the assertion is the token that was exchanged');
  const { typ, payload } = decodeAssertion(assertion);
  if (![payload.aud ?? []].flat().some((one) => audiences.includes(one)))
    throw createUnusableError('the assertion is for another authorization server');
  if (idJagFor === undefined) return assertion;
  if (typ?.toLowerCase().replace(/^application\//, '') !== 'oauth-id-jag+jwt')
    throw createUnusableError('the assertion is of another type');
  if (payload.client_id !== idJagFor) throw createUnusableError('the assertion is for another client');
  return assertion;
}

function decodeAssertion(assertion: string): { typ: string | undefined; payload: JWTPayload } {
  try {
    return { typ: decodeProtectedHeader(assertion).typ, payload: decodeJwt(assertion) };
  } catch {
    throw createUnusableError('the assertion is not a JWT');
  }
}

function createUnusableError(what: string): TokenEndpointError {
  return new TokenEndpointError(what, { status: 200, unusable: true });
}
