/** The verified party behind an event, without its token and claims. */
export interface AuditedCaller {
  /** `iss` of the token. */
  readonly issuer: string;
  /** `sub` of the token. */
  readonly subject: string;
  /** The client that the token was issued to. */
  readonly clientId: string | undefined;
  /** Whether the token stands for the client alone. */
  readonly appOnly: boolean;
  /** Who acts for the subject (RFC 8693 section 4.1), the present actor first; not there where nobody does. */
  readonly actors?: readonly AuditedActor[];
}

/** A party that acts for somebody. */
export interface AuditedActor {
  /** `iss` of the actor. */
  readonly issuer: string | undefined;
  /** `sub` of the actor. */
  readonly subject: string | undefined;
  /** `client_id` of the actor. */
  readonly clientId: string | undefined;
}

/** What all events have. */
export interface AuditContext {
  /** Unguessable, one for each HTTP request; results that name a reference for support name this. */
  readonly correlationId: string;
  /** Trace that the request is part of, where the client or the application has one (W3C Trace Context). */
  readonly traceId?: string | undefined;
  /** Who calls; not there where nobody had to say who they are. */
  readonly caller?: AuditedCaller | undefined;
  /** What was asked for: `tools/call` and the name of the tool. */
  readonly operation?: { readonly method: string; readonly name: string | undefined } | undefined;
  /** Scopes that the caller holds. */
  readonly scopesHeld?: readonly string[] | undefined;
}

/** Why an operation was denied; stable. */
export type DenialReason =
  | 'invalid_token'
  | 'insufficient_claims'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'client_not_allowed'
  | 'app_only'
  | 'policy'
  /** A policy failed, so that nothing could be decided. */
  | 'undecided';

/** What happened: `type` says which members there are. */
type Occurrence =
  | { readonly type: 'operation_allowed'; readonly scopes: readonly string[] }
  | {
      readonly type: 'operation_denied';
      readonly reason: DenialReason;
      /** Scopes that the operation takes. */
      readonly scopes: readonly string[];
      /** Class of the policy that denied. */
      readonly policy?: string;
    }
  | {
      readonly type: 'token_rejected';
      /** For operators; has nothing of the token. */
      readonly reason: string;
      /** HTTP status of the answer. */
      readonly status: number;
    }
  | { readonly type: 'request_refused'; readonly reason: 'origin' | 'host' | 'size' }
  | {
      /** An issuer said that a user has signed out. */
      readonly type: 'session_ended';
      readonly issuer: string;
      readonly subject?: string | undefined;
      readonly sessionId?: string | undefined;
    }
  | { readonly type: 'account_linked' | 'account_unlinked'; readonly downstream: string }
  | { readonly type: 'account_link_refused'; readonly downstream: string; readonly reason: string }
  | (Exchange & { readonly type: 'token_exchanged' })
  | (Exchange & { readonly type: 'token_exchange_failed'; readonly code: string });

/** An exchange of a token (RFC 8693). */
interface Exchange {
  /** Name of the downstream. */
  readonly downstream: string;
  /** `audience` that was asked for. */
  readonly audience: string | readonly string[] | undefined;
  /** `resource` that was asked for. */
  readonly targetResource: string | readonly string[] | undefined;
  /** Scopes that were asked for. */
  readonly scopes: readonly string[];
}

/** Something that happened, as it is told to {@link AuditLog}. */
export type AuditRecord = AuditContext & Occurrence;

/** Something that security may want to know. Has no tokens, secrets or arguments. */
export type AuditEvent = AuditRecord & {
  /** ISO 8601, in UTC. */
  readonly time: string;
  /** The server: `resource` of the module's options. */
  readonly resource: string;
};
