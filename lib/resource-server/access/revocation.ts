import type { Caller } from './caller.js';

/** Selects the tokens to forget: all of a user's at an issuer, or those of one session. */
export interface Revocation {
  /** `iss`. */
  readonly issuer: string;
  /** `sub`. Without `sessionId`, selects all tokens of this user. */
  readonly subject?: string | undefined;
  /** `sid` (OpenID Connect Back-Channel Logout 1.0 section 2.1). */
  readonly sessionId?: string | undefined;
}

/** The user and the session that a token belongs to. */
export interface TokenSession {
  readonly issuer: string;
  readonly subject: string;
  /** `sid` of the token (OpenID Connect Back-Channel Logout 1.0). */
  readonly sessionId: string | undefined;
}

/** The user and the session of a caller. */
export function readSession({ issuer, subject, claims: { sid } }: Caller): TokenSession {
  return { issuer, subject, sessionId: typeof sid === 'string' && sid !== '' ? sid : undefined };
}

/**
 * Whether a revocation applies to a token. The user's tokens without a session may belong to any session, so they are
 * revoked too.
 */
export function isRevoking({ issuer, subject, sessionId }: Revocation, token: TokenSession): boolean {
  if (token.issuer !== issuer) return false;
  const isOfSubject = subject !== undefined && token.subject === subject;
  if (sessionId === undefined) return isOfSubject;
  return token.sessionId === undefined ? isOfSubject : token.sessionId === sessionId;
}
