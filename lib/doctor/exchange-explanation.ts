import { CallerActionError, DownstreamError, OperatorActionError } from '../errors/downstream-error.js';
import { describeError } from '../errors/reason.js';
import { TokenEndpointError, type TokenEndpointFailure } from '../errors/token-endpoint-error.js';
import { findDocumentedCause } from '../on-behalf-of/failures/documented-refusals.js';
import { recallFailure } from '../on-behalf-of/failures/failure-error.js';
import { describeTarget } from '../on-behalf-of/failures/failure-refusal.js';
import type { ResolvedDownstream } from '../on-behalf-of/options/resolved-downstream.js';
import type { Finding } from './finding.js';
import { nameScreen, type Topic } from './provider-screens.js';

/** What was asked, and of whom. */
export interface AskedExchange {
  readonly target: ResolvedDownstream;
  /** Identifier of the authorization server. */
  readonly issuer: string;
  /** Begins the message: `Step 9` or `Probe`. */
  readonly step: string;
}

const CODES = {
  audience: 'exchange_refused',
  client: 'client_rejected',
  consent: 'consent_missing',
  exchange: 'exchange_not_allowed',
  scope: 'scope_not_allowed',
  target: 'target_refused',
  userScope: 'scope_not_allowed',
} as const;

/** Explains why no token came back: what was asked, what came back, and what to set. */
export function explainExchange(thrown: unknown, { target, issuer: own, step }: AskedExchange): Finding {
  const reason = describeError(thrown);
  const failure = readFailure(thrown);
  const issuer = (failure?.foreign === true ? target.dialect.foreign?.authorizationServer?.issuer : undefined) ?? own;
  const message = `${step}: ${describeTarget(target)} was asked of ${issuer}. What came back: ${reason}.`;
  if (thrown instanceof CallerActionError) return explainCaller(thrown, { target, issuer, step }, message);
  const topic = failure && findTopic(failure, reason);
  if (topic)
    return {
      code: CODES[topic],
      severity: 'error',
      subject: topic === 'client' || topic === 'exchange' ? issuer : target.option,
      message,
      fix: nameScreen(issuer, topic, target.dialect.name),
    };
  const isOwn = thrown instanceof OperatorActionError;
  return {
    code: 'exchange_refused',
    severity: 'error',
    subject: target.option,
    message,
    fix: isOwn
      ? `Compare \`${target.option}\` and \`client\` with what is registered at ${issuer}.`
      : 'Check that this machine reaches the token endpoint, and the credentials in `client.authentication`.',
  };
}

/** @returns `undefined` if no token endpoint has answered */
function readFailure(thrown: unknown): TokenEndpointFailure | undefined {
  const failure =
    thrown instanceof TokenEndpointError
      ? thrown.failure
      : thrown instanceof DownstreamError
        ? recallFailure(thrown)
        : undefined;
  return failure?.status === undefined ? undefined : failure;
}

/** Which topic an answer belongs to. What the provider writes in prose only sharpens the advice. */
function findTopic({ status, error }: TokenEndpointFailure, message: string): Topic {
  const cause = findDocumentedCause(message);
  if (cause) return cause === 'policy' ? 'target' : cause;
  if (/not enabled|unsupported_grant_type/i.test(message)) return 'exchange';
  if (status === 401 || error === 'invalid_client') return 'client';
  if (error === 'unauthorized_client') return 'exchange';
  if (error === 'invalid_scope') return 'scope';
  return 'target';
}

/** The server takes it for something that the caller, or who manages users, has to do. */
function explainCaller(error: CallerActionError, { target, issuer }: AskedExchange, message: string): Finding {
  const finding = { code: 'caller_has_to_act', severity: 'warning', subject: target.option, message } as const;
  const { remedy } = error;
  switch (error.code) {
    case 'caller_token_rejected':
      return {
        ...finding,
        code: 'exchange_refused',
        severity: 'error',
        fix: `The token is good here, and the provider takes it for none of its own: its session may be over, or the provider knows itself by another address. Try a token of a new sign-in. ${nameScreen(issuer, 'target', target.dialect.name)}`,
      };
    case 'caller_without_user':
      return {
        ...finding,
        fix: `Walk the token of a user. If clients without a user should call this API, set \`onAppOnly: 'clientCredentials'\` in \`${target.option}\`.`,
      };
    case 'caller_account_not_linked':
      return {
        ...finding,
        fix: 'Have the user link an account: the tool gives a page for it. Without `replicas.store`, accounts are in the memory of the server, and the doctor cannot see them.',
      };
    case 'caller_consent_required':
      return { ...finding, fix: 'Have the user consent: the tool gives the page in `consentUrl`.' };
    default:
      return {
        ...finding,
        fix:
          remedy && 'challenge' in remedy
            ? `Nothing, if the client does what it is told: it gets the challenge ${remedy.challenge}${'scopes' in remedy ? ` for ${remedy.scopes.join(' ')}` : ''}.`
            : `Give the user the access at ${issuer}. ${nameScreen(issuer, 'scope', target.dialect.name)}`,
      };
  }
}
