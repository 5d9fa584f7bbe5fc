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
  /** Actors for the subject (RFC 8693 section 4.1), the current one first. Absent if there are none. */
  readonly actors?: readonly AuditedActor[];
}

/** A party that acts for another. */
export interface AuditedActor {
  /** `iss` of the actor. */
  readonly issuer: string | undefined;
  /** `sub` of the actor. */
  readonly subject: string | undefined;
  /** `client_id` of the actor. */
  readonly clientId: string | undefined;
}

/** An operation without its arguments. */
export interface AuditedOperation {
  /** Method of MCP, such as `tools/call`. */
  readonly method: string;
  /**
   * Name of the tool or prompt. A resource has its declared URI, or its template such as `patients://{id}`. A task has
   * the name of its tool. `undefined` if there is no such resource or task.
   */
  readonly name: string | undefined;
  /** The tool that was called to call this one: `call_operation`. Absent if the client named it itself. */
  readonly through?: string;
  /** URI of the resource as the client sent it. Present only with `observability.discloseResourceUris`. */
  readonly uri?: string | undefined;
}

/** Members of all events. */
export interface AuditContext {
  /** Unguessable, one for each HTTP request. Results with a reference for support give this one. */
  readonly correlationId: string;
  /** Id of the request's trace, if the client or the application has one (W3C Trace Context). */
  readonly traceId?: string | undefined;
  /** The verified caller, if there is one. */
  readonly caller?: AuditedCaller | undefined;
  /** The requested operation. */
  readonly operation?: AuditedOperation | undefined;
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
  /** A schema or a pipe made the URI of another resource, which has another rule. */
  | 'other_resource'
  /** A policy failed, so that nothing could be decided. */
  | 'undecided';

/** What about a request is refused; stable. */
export type RequestRefusal =
  | 'origin'
  | 'host'
  /** More bytes than are allowed. */
  | 'size'
  /** More levels of JSON than are allowed. */
  | 'depth'
  /** A session of another caller, at a server behind `@ProtectedMcp`. */
  | 'session'
  /** Something that no rule of `@ProtectedMcp` allows. */
  | 'rule'
  /** The body is no message of JSON-RPC, or one that contradicts its headers. */
  | 'message'
  /** The method of HTTP. */
  | 'method'
  /** `Accept`. */
  | 'accept'
  /** `Content-Type` or `Content-Encoding`. */
  | 'media_type'
  /** There is nothing of that name. */
  | 'not_found'
  /** The application answered before the guards of the endpoint ran. */
  | 'application'
  /** Another status of 4xx. */
  | 'other';

/** What happened. `type` determines the other members. */
type Occurrence =
  | { readonly type: 'operation_allowed'; readonly scopes: readonly string[] }
  | {
      readonly type: 'operation_denied';
      readonly reason: DenialReason;
      /** For operators: what the caller has, and what is wanted. */
      readonly detail: string;
      /** What would change it: the option, or what to do. */
      readonly fix: string;
      /** Scopes that the operation requires. */
      readonly scopes: readonly string[];
      /** Class of the policy that denied. */
      readonly policy?: string;
    }
  | {
      readonly type: 'token_rejected';
      /** For operators. Contains nothing of the token. */
      readonly reason: string;
      /**
       * For operators: the value that came, and which was wanted. Nobody has verified that value. It is cut, and
       * contains no token.
       */
      readonly detail: string;
      /** What would change it: the option, or what to set at the provider. */
      readonly fix: string;
      /** HTTP status of the answer. */
      readonly status: number;
    }
  | {
      /** A caller has asked too often. */
      readonly type: 'request_limited';
      /** Name of the throttler. */
      readonly throttler: string;
      /** For operators: how often the caller asked, and how often it may. */
      readonly detail: string;
      /** What would change it: the option, or what to do. */
      readonly fix: string;
      /** Milliseconds after which the caller may try again. */
      readonly retryAfterMs: number;
    }
  | {
      readonly type: 'request_refused';
      /** What is refused; stable. */
      readonly reason: RequestRefusal;
      /** For operators: the value that came, and which was wanted. */
      readonly detail: string;
      /** What would change it: the option, or what to do. */
      readonly fix: string;
    }
  | {
      /** An issuer reported that a user has signed out. */
      readonly type: 'session_ended';
      readonly issuer: string;
      readonly subject?: string | undefined;
      readonly sessionId?: string | undefined;
    }
  | {
      /** A caller met a limit of what callers may hold. Recorded once a minute for each user and quantity. */
      readonly type: 'limit_reached';
      /** As an option of `limits.perCaller` names it. */
      readonly quantity: string;
      /** The limit of one caller, or that of all callers together. */
      readonly limit: 'caller' | 'server';
      /** Whether something was refused, or the caller lost something older. */
      readonly effect: 'refused' | 'displaced';
      /** For operators: how much there may be. */
      readonly detail: string;
      /** What would change it: the option. */
      readonly fix: string;
    }
  | { readonly type: 'account_linked' | 'account_unlinked'; readonly downstream: string }
  | {
      readonly type: 'account_link_refused';
      readonly downstream: string;
      /** For operators. */
      readonly reason: string;
      /** For operators: what came, and what was wanted. */
      readonly detail: string;
      /** What would change it: the option, or what to do. */
      readonly fix: string;
    }
  | (Exchange & { readonly type: 'token_exchanged' })
  | (Exchange & {
      readonly type: 'token_exchange_failed';
      /** Code of the error. */
      readonly code: string;
      /** For operators: what was asked for, and what came. Contains nothing that the provider wrote in prose. */
      readonly detail: string;
      /** What would change it: the option, or what to set at the provider. */
      readonly fix: string;
    });

/** An exchange of a token (RFC 8693). */
interface Exchange {
  /** Name of the downstream. */
  readonly downstream: string;
  /** Requested `audience`. */
  readonly audience: string | readonly string[] | undefined;
  /** Requested `resource`. */
  readonly targetResource: string | readonly string[] | undefined;
  /** Requested scopes. */
  readonly scopes: readonly string[];
}

/** An event as {@link AuditLog} receives it. */
export type AuditRecord = AuditContext & Occurrence;

/** A security event. Contains no tokens, secrets or arguments, and no URI that a template matched. */
export type AuditEvent = AuditRecord & {
  /** ISO 8601, in UTC. */
  readonly time: string;
  /** The server: `resource` of the module's options. */
  readonly resource: string;
};
