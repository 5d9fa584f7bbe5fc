import {
  BadRequestException,
  ForbiddenException,
  Injectable,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { Caller } from '../../resource-server/access/caller.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import type { Found } from '../../resource-server/catalogue/found.js';
import type { Offer } from '../../resource-server/catalogue/primitive.js';
import { CallerActionError, type ChallengeRemedy, type DownstreamError } from '../../errors/downstream-error.js';
import type { McpRequest } from './mcp-request.js';
import { EagerExchange } from '../../on-behalf-of/downstream/eager-exchange.js';
import { Issuers } from '../../resource-server/issuers/issuers.js';
import type { ChallengeException } from '../../resource-server/challenges/challenge.exception.js';
import { Challenges } from '../../resource-server/challenges/challenges.js';
import type { DenialReason } from '../../observability/audit-event.js';
import { AuditLog } from '../../observability/audit-log.js';
import { countDenied } from '../../observability/metrics.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { logFailure } from '../../observability/failure-log.js';
import { holds } from '../../resource-server/access/access-rule.js';
import { AuthorizedOperation, type Refusal } from '../../resource-server/authorization/authorized-operation.js';
import { Policies } from '../../resource-server/authorization/policies.js';
import { ScopeHierarchy } from '../../resource-server/access/scope-hierarchy.js';

/** What calls a method that may reach downstreams. */
const REACHES = new Set(['tools/call', 'resources/read', 'prompts/get', 'completion/complete']);

/** Lets a request pass whose caller may do what its body asks for; else a scope challenge. */
@Injectable()
export class AuthorizationGuard implements CanActivate {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly catalogue: Catalogue,
    private readonly issuers: Issuers,
    private readonly challenges: Challenges,
    private readonly audit: AuditLog,
    private readonly eager: EagerExchange,
    private readonly policies: Policies,
    private readonly hierarchy: ScopeHierarchy,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<McpRequest>();
    const { operation } = request;
    await this.admit(request, operation && this.catalogue.find(operation));
    return true;
  }

  /**
   * Lets a request pass, or throws its challenge.
   *
   * @param found - what the operation is about
   */
  async admit<One extends Offer>(request: McpRequest<One>, found: Found<One> | undefined): Promise<void> {
    const { caller, operation, body } = request;
    const { anonymous: isOpen } = this.options;
    if (Array.isArray(body))
      throw new BadRequestException('JSON-RPC batches are not served. Send one message at a time');
    if (caller) this.#checkClient(caller, request);
    const authorized = await AuthorizedOperation.authorize({ caller, operation, found, body, isOpen }, this.hierarchy);
    if (authorized instanceof AuthorizedOperation) {
      request.authorized = authorized;
      await this.#exchange(authorized, request);
      return;
    }
    this.#recordDenial(request, authorized.error, authorized);
    if (this.options.list === 'permitted' && !holds(caller, authorized.rule, this.hierarchy)) {
      // Whoever may not see it is answered as if it were not there.
      const unknown = await AuthorizedOperation.authorize<One>(
        { caller, operation, found: undefined, body, isOpen },
        this.hierarchy,
      );
      if (unknown instanceof AuthorizedOperation) request.authorized = unknown;
      return;
    }
    const primitive = found?.primitive;
    if (!caller) throw this.challenges.unauthenticated({ primitive });
    throw (
      (await this.#combined(caller, primitive, authorized, request)) ??
      this.challenges.refused(caller, request.scheme, authorized)
    );
  }

  /** Gets the tokens of the tool's downstreams, while a challenge can still be an answer of HTTP. */
  async #exchange(authorized: AuthorizedOperation<Offer>, request: McpRequest<Offer>): Promise<void> {
    const { caller, operation, primitive, input, scopes } = authorized;
    if (
      !primitive ||
      primitive.downstreams.length === 0 ||
      'problems' in input ||
      !REACHES.has(operation?.method ?? '')
    )
      return;
    if ((caller?.appOnly && !primitive.access.appOnly) || (await this.#isObjectedTo(authorized, request))) return;
    const failures = await this.#failures(caller, primitive, request);
    const [first] = failures;
    if (!first) return;
    const challenge = caller && this.challenges.demanded(caller, request.scheme, remediesOf(caller, failures), scopes);
    // The first is told by the tool's result, where there is one.
    for (const failure of challenge ? failures : failures.slice(1)) {
      logFailure(primitive.name, failure, request.trace.correlationId);
    }
    if (!challenge) {
      request.failure = first;
      return;
    }
    const { error = 'invalid_token' } = challenge.parameters;
    this.#recordDenial(request, error as DenialReason, { scopes: challenge.parameters.scopes ?? [] });
    throw challenge;
  }

  /** Nobody gets a token for, or is asked to consent to, what a policy denies. What one throws is for the tool's result. */
  async #isObjectedTo(authorized: AuthorizedOperation<Offer>, { trace }: McpRequest<Offer>): Promise<boolean> {
    try {
      return (await trace.run(() => this.policies.objectionTo(authorized))) !== undefined;
    } catch {
      return true;
    }
  }

  /** Missing scopes of the operation together with those that stand for consent to its downstreams: one round trip for the user. */
  async #combined(
    caller: Caller,
    primitive: Offer | undefined,
    { error, scopes }: Refusal,
    request: McpRequest<Offer>,
  ): Promise<ChallengeException | undefined> {
    const isMapped = primitive?.downstreams.some(
      (name) => (this.options.downstreams.get(name)?.scopeMap.size ?? 0) > 0,
    );
    if (!primitive || !isMapped || error !== 'insufficient_scope' || caller.appOnly) return undefined;
    const failures = await this.#failures(caller, primitive, request);
    for (const failure of failures) logFailure(primitive.name, failure, request.trace.correlationId);
    return this.challenges.demanded(caller, request.scheme, remediesOf(caller, failures), scopes);
  }

  async #failures(
    caller: Caller | undefined,
    primitive: Offer,
    request: McpRequest<Offer>,
  ): Promise<readonly DownstreamError[]> {
    if (primitive.downstreams.length === 0) return [];
    const { trace, operation } = request;
    const access = this.eager.onBehalfOf(caller, trace.auditContext(caller, operation));
    request.access = access;
    return await trace.run(() => this.eager.failures(access, primitive));
  }

  /** Another token would not help, so that there is nothing to challenge for. */
  #checkClient(caller: Caller, request: McpRequest<Offer>): void {
    const clients = this.issuers.issuerOf(caller.claims)?.options.clients;
    if (!clients || (caller.clientId !== undefined && clients.has(caller.clientId))) return;
    this.#recordDenial(request, 'client_not_allowed');
    throw new ForbiddenException('This client may not use this server');
  }

  #recordDenial(
    { trace, caller, operation }: McpRequest<Offer>,
    reason: DenialReason,
    refusal?: Pick<Refusal, 'scopes'>,
  ): void {
    countDenied(reason);
    trace.fail(reason);
    this.audit.record({
      type: 'operation_denied',
      reason,
      ...trace.auditContext(caller, operation),
      scopes: refusal?.scopes ?? [],
    });
  }
}

/**
 * What a client can be challenged for; nothing where the first failure is not the caller's to mend, or where no user is
 * there to sign in.
 */
function remediesOf(caller: Caller, [first, ...others]: readonly DownstreamError[]): readonly ChallengeRemedy[] {
  const challenges = (failure: DownstreamError | undefined) =>
    failure instanceof CallerActionError && failure.remedy && 'challenge' in failure.remedy ? [failure.remedy] : [];
  const pressing = caller.appOnly ? [] : challenges(first);
  return pressing.length === 0 ? [] : [...pressing, ...others.flatMap(challenges)];
}
