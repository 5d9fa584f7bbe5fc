import type { KeyMember } from '../../replicas/composite-key.js';
import type { Caller } from './caller.js';

/**
 * What tells callers apart wherever something is kept for one of them: the user, and the client that acts for the user.
 * Another client of the same user is another party.
 */
export function identifyParty(caller: Caller | undefined): KeyMember {
  return caller && [caller.issuer, caller.subject, caller.clientId];
}
