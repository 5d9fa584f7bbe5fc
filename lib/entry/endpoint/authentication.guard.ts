import { Injectable, HttpException, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { readMessage, toReadable } from '../../errors/reason.js';
import { tellValue, type Refusal } from '../../errors/refusal.js';
import type { Offer } from '../../resource-server/catalogue/primitive.js';
import { getRequest, type McpRequest } from './mcp-request.js';
import { getResponse } from './node-request.js';
import { IssuerUnusableError } from '../../errors/issuer-unusable-error.js';
import { readAddress } from '../../limits/caller-address.js';
import { ChallengeException } from '../../resource-server/challenges/challenge.exception.js';
import { Challenges, type RefusedRequest } from '../../resource-server/challenges/challenges.js';
import { ToldFailure } from '../../errors/told-exception.js';
import { linkToTokenProblem } from '../../observability/audit-links.js';
import { AuditLog } from '../../observability/audit-log.js';
import { countRejected } from '../../observability/metrics.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { isAnswer } from '../../resource-server/access/operation.js';
import { MalformedCredentialsError, readCredentials } from '../../resource-server/authentication/credentials.js';
import { InvalidTokenError, type TokenRefusal } from '../../resource-server/authentication/invalid-token-error.js';
import { ProofError } from '../../resource-server/authentication/proof-error.js';
import { ProofOfPossession } from '../../resource-server/authentication/proof-of-possession.js';
import { ReplayStoreError } from '../../resource-server/authentication/replay-store.js';
import { Revocations, type HeldSession } from '../../resource-server/authentication/revocations.js';
import { TokenVerification } from '../../resource-server/authentication/token-verification.js';

/** Methods that a client needs around an anonymous call. The tool of a task is checked later. */
const OPEN_METHODS = new Set([
  'initialize',
  'notifications/initialized',
  'notifications/cancelled',
  'logging/setLevel',
  'ping',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'server/discover',
  'tasks/cancel',
  'tasks/get',
  'tasks/update',
  'tools/list',
]);

/** Methods that make the server keep something for whoever asks. A caller without a token could not hear of it. */
const CLOSED_METHODS = new Set(['resources/subscribe', 'resources/unsubscribe']);

/** `Retry-After` in seconds (RFC 9110 section 10.2.3): an unavailable issuer is asked again by then. */
const RETRY_AFTER = '10';

/** Verifies the access token of a request and sets the caller. Answers with a challenge if there is no valid token. */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(
    private readonly moduleOptions: ResolvedOptions,
    private readonly challenges: Challenges,
    private readonly verification: TokenVerification,
    private readonly proof: ProofOfPossession,
    private readonly revocations: Revocations,
    private readonly audit: AuditLog,
    private readonly host: HttpAdapterHost,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = getRequest(context);
    // A CORS preflight request has no credentials (Fetch standard, CORS-preflight).
    if (this.moduleOptions.anonymous || request.method === 'OPTIONS') return true;
    const { nonce } = this.proof;
    if (nonce !== undefined) this.#setHeader(context, 'DPoP-Nonce', nonce);
    try {
      request.caller = await request.trace.run(() => this.#authenticate(request));
      request.heldSession = this.#hold(context, request.caller);
      return true;
    } catch (thrown) {
      const answer = this.#refuse(toReadable(thrown), request);
      if (answer instanceof ToldFailure) this.#setHeader(context, 'Retry-After', RETRY_AFTER);
      throw answer;
    }
  }

  /** Refuses what is about to begin, if the session of the caller has ended since the token was verified. */
  refuseEnded({ heldSession, scheme, surface }: McpRequest<Offer>): void {
    const reason: unknown = heldSession?.ending.reason;
    if (reason instanceof InvalidTokenError)
      throw this.challenges.createTokenChallenge({ scheme, surface }, 'invalid_token', reason.message);
  }

  #hold(context: ExecutionContext, caller: Caller | undefined): HeldSession {
    const response = getResponse(context);
    const raw = response.raw ?? response;
    const session = this.revocations.hold(caller);
    // The client may have disconnected while the token was verified. Otherwise `EndpointGuard` releases it.
    if (raw.closed) session.release();
    return session;
  }

  #authenticate(request: McpRequest): Promise<Caller> | undefined {
    const source = request.node;
    const credentials = readCredentials(source);
    if (credentials.kind === 'none') {
      const refused = this.#toRefusedRequest(request);
      if (this.#isOpen(request, refused.primitive)) return undefined;
      throw new MissingTokenError(credentials.refusal);
    }
    request.scheme = credentials.scheme;
    const { scheme, token } = credentials;
    return this.verification.verify(token, readAddress(request.platform), (caller) => {
      const { cnf } = caller.claims;
      return this.proof.isNeedless(scheme, cnf) ? undefined : this.proof.check(source, scheme, token, cnf, caller);
    });
  }

  /** Anyone can call an anonymous primitive, answer its questions, and list it. */
  #isOpen({ surface, operation, body }: McpRequest, named: Offer | undefined): boolean {
    if (!surface.hasAnonymous) return false;
    if (operation === undefined) return isAnswer(body);
    if (CLOSED_METHODS.has(operation.method)) return false;
    return OPEN_METHODS.has(operation.method) || named?.access.anonymous === true;
  }

  /** Looks for what the request is about, once: resource templates are matched for it. */
  #toRefusedRequest(request: McpRequest): RefusedRequest {
    if (request.refused) return request.refused;
    const { operation, surface, body, scheme, trace } = request;
    const primitive = operation && surface.findSpelled(operation, body);
    if (primitive) trace.aimAt(primitive.name);
    const credentials = readCredentials(request.node);
    const refused = { scheme, primitive, surface, ...(credentials.kind === 'token' && { token: credentials.token }) };
    request.refused = refused;
    return refused;
  }

  #setHeader(context: ExecutionContext, name: string, value: string): void {
    this.host.httpAdapter.setHeader(getResponse(context), name, value);
  }

  #refuse(error: unknown, request: McpRequest): unknown {
    const answer = this.#toException(error, request);
    if (!(answer instanceof ChallengeException || answer instanceof ToldFailure)) return answer;
    const status = answer.getStatus();
    request.trace.fail(
      answer instanceof ChallengeException ? (answer.parameters.error ?? 'unauthorized') : 'unavailable',
    );
    // Every client starts without a token, so a first 401 is not recorded.
    if (error instanceof MissingTokenError && !error.refusal) return answer;
    countRejected(status);
    this.audit.record({
      type: 'token_rejected',
      ...describeReason(error),
      status,
      ...request.trace.createAuditContext(undefined, request.operation),
    });
    return answer;
  }

  #toException(error: unknown, request: McpRequest): unknown {
    if (error instanceof MalformedCredentialsError)
      return this.challenges.createTokenChallenge({ surface: request.surface }, 'invalid_request', error.message);
    const refused = this.#toRefusedRequest(request);
    if (error instanceof MissingTokenError) return this.challenges.createTokenChallenge(refused);
    if (error instanceof ProofError) return this.challenges.createTokenChallenge(refused, error.error, error.message);
    if (error instanceof InvalidTokenError)
      return this.challenges.createTokenChallenge(refused, 'invalid_token', error.message);
    if (error instanceof IssuerUnusableError || error instanceof ReplayStoreError) {
      return new ToldFailure(
        HttpException.createBody('The token cannot be checked right now', 'Service Unavailable', 503),
        503,
      );
    }
    return error;
  }
}

/** A request without a token. `refusal` says why its Authorization header is none, if it has one. */
class MissingTokenError extends Error {
  constructor(readonly refusal: Refusal | undefined) {
    super('An access token is required');
  }
}

function describeReason(error: unknown): Refusal & { readonly reason: string } {
  const { problem, detail, fix } = findRefusal(error);
  const reason = error instanceof Error ? readMessage(error) : 'unknown';
  return { reason, detail, fix: `${fix} See ${linkToTokenProblem(problem)}` };
}

function findRefusal(error: unknown): TokenRefusal {
  if (error instanceof InvalidTokenError) return error.refusal;
  if (error instanceof ProofError) return { problem: 'proof', ...error.refusal };
  if (error instanceof ReplayStoreError) return { problem: 'unavailable', ...error.refusal };
  if ((error instanceof MalformedCredentialsError || error instanceof MissingTokenError) && error.refusal)
    return { problem: 'credentials', ...error.refusal };
  return {
    problem: 'unavailable',
    detail: `what the token is checked with cannot be had from ${tellValue(error instanceof IssuerUnusableError ? error.issuer : undefined)}`,
    fix: 'Check that this machine reaches the issuer, with `npx nestjs-mcp-auth doctor`.',
  };
}
