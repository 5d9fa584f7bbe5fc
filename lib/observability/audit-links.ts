import { linkToDocument } from '../errors/documentation.js';
import type { AuditRecord } from './audit-event.js';

/** What about a token, or about how it came, is refused; stable. */
export type TokenProblem =
  /** The header that it comes in. */
  | 'credentials'
  /** It is no JWT of an issuer that is trusted here, and no opaque token. */
  | 'issuer'
  /** Its signature, or a member of its header. */
  | 'signature'
  /** It is no access token. */
  | 'token_type'
  /** `exp`, `nbf` or `iat`. */
  | 'time'
  /** It is not for this server: `aud`, or its client. */
  | 'audience'
  /** It was issued to this server itself, and not to a client. */
  | 'own_token'
  /** It does not name its user. */
  | 'subject'
  /** A claim is missing, or is not of the type that it has to be. */
  | 'claims'
  /** `requiredValues` of the issuer. */
  | 'required_values'
  /** `validate` of the issuer. */
  | 'validate'
  /** `act` (RFC 8693 section 4.1). */
  | 'actor'
  /** The issuer says that it is not active (RFC 7662). */
  | 'inactive'
  /** The user has signed out, or the session was revoked. */
  | 'session_ended'
  /** The proof of possession, or what the token is bound to (RFC 9449, RFC 8705). */
  | 'proof'
  /** It could not be checked: a metadata document, a key set, an introspection endpoint or a store gives no answer. */
  | 'unavailable';

/** Address of what the documents say of a token that was rejected. */
export function linkToTokenProblem(problem: TokenProblem): string {
  return linkToReason('token_rejected', problem);
}

/** Adds to `fix` where the documents say more. */
export function addLink(record: AuditRecord): AuditRecord {
  switch (record.type) {
    case 'operation_denied':
    case 'request_refused':
      return addAddress(record, linkToReason(record.type, record.reason));
    case 'token_exchange_failed':
      return addAddress(record, linkToDocument('reference/errors', record.code));
    case 'request_limited':
    case 'limit_reached':
    case 'account_link_refused':
      return addAddress(record, linkToDocument('reference/events', record.type));
    default:
      return record;
  }
}

function addAddress<One extends { readonly fix: string }>(record: One, address: string): One {
  return { ...record, fix: `${record.fix} See ${address}` };
}

function linkToReason(type: AuditRecord['type'], reason: string): string {
  return linkToDocument('reference/events', `${type}-${reason}`);
}
