import type { TokenOwner } from './token-request.js';

/** Whose tokens are to be forgotten: all of a user's at an issuer, or those of one session. */
export interface Revocation {
  /** `iss`. */
  readonly issuer: string;
  /** `sub`. Without `sessionId`: everything of this user. */
  readonly subject?: string | undefined;
  /** `sid` (OpenID Connect Back-Channel Logout 1.0 section 2.1). */
  readonly sessionId?: string | undefined;
}

/**
 * Whether a revocation is of an owner's tokens. Those of the user that name no session may be of any, so also of the one
 * that is revoked.
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
