import type { TokenOwner } from './token-request.js';

/** Selects the tokens to forget: all of a user's at an issuer, or those of one session. */
export interface Revocation {
  /** `iss`. */
  readonly issuer: string;
  /** `sub`. Without `sessionId`, selects all tokens of this user. */
  readonly subject?: string | undefined;
  /** `sid` (OpenID Connect Back-Channel Logout 1.0 section 2.1). */
  readonly sessionId?: string | undefined;
}

/**
 * Whether a revocation applies to an owner's tokens. The user's tokens without a session may belong to any session, so
 * they are revoked too.
 */
export function isRevoking(
  { issuer, subject, sessionId }: Revocation,
  owner: Pick<TokenOwner, 'issuer' | 'subject' | 'sessionId'>,
): boolean {
  if (owner.issuer !== issuer) return false;
  const isOfSubject = subject !== undefined && owner.subject === subject;
  if (sessionId === undefined) return isOfSubject;
  return owner.sessionId === undefined ? isOfSubject : owner.sessionId === sessionId;
}
