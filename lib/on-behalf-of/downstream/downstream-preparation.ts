import { Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { CallerActionError, type ChallengeRemedy, type DownstreamError } from '../../errors/downstream-error.js';
import type { DenialReason } from '../../observability/audit-event.js';
import { logFailure } from '../../observability/failure-log.js';
import type { RequestTrace } from '../../observability/request-trace.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { listForms } from '../options/resolved-downstream.js';
import type { Caller } from '../../resource-server/access/caller.js';
import type { Operation } from '../../resource-server/access/operation.js';
import type { TokenScheme } from '../../resource-server/authentication/credentials.js';
import type { AccessDeniedError } from '../../resource-server/authorization/access-denied-error.js';
import type { AdmissionRequest } from '../../resource-server/authorization/admission-request.js';
import { Admission, type AuthorizedOperation } from '../../resource-server/authorization/admission.js';
import { Denials } from '../../resource-server/authorization/denials.js';
import type { Offer } from '../../resource-server/catalogue/primitive.js';
import type { ChallengeException } from '../../resource-server/challenges/challenge.exception.js';
import { Challenges } from '../../resource-server/challenges/challenges.js';
import { CallerAccess } from './caller-access.js';
import type { DownstreamAccess } from './downstream-access.js';
import { DownstreamClient } from './downstream-client.js';
import { exchangeEagerly } from './eager-exchange.js';

/** Methods whose operations may reach downstreams. */
const REACHES = new Set(['tools/call', 'resources/read', 'prompts/get', 'completion/complete']);

/** The request that an operation belongs to. */
export interface RequestParts {
  readonly trace: RequestTrace;
  /** The scheme that presented the token. */
  readonly scheme?: TokenScheme | undefined;
}

/** The state of an operation's downstreams before it runs. */
export interface PreparedDownstreams {
  /** The downstreams that it may reach. */
  readonly access?: DownstreamAccess;
  /** Why a downstream cannot be called. */
  readonly failure?: DownstreamError;
}

/** Gets the tokens of an operation's downstreams before it runs, while the answer can still be a challenge. */
@Injectable()
export class DownstreamPreparation {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly callers: CallerAccess,
    private readonly admission: Admission,
    private readonly challenges: Challenges,
    private readonly denials: Denials,
    private readonly module: ModuleRef,
  ) {}

  /** Whether an operation may reach downstreams whose tokens can be had before it runs. */
  isNeeded({ operation, primitive, input }: AuthorizedOperation<Offer>): boolean {
    if (!primitive || primitive.downstreams.length === 0) return false;
    return operation !== undefined && REACHES.has(operation.method) && 'value' in input && !this.#isClientReplaced();
  }

  /**
   * @param authorized - the policies have allowed it: no token is requested for a denied operation
   * @throws ChallengeException if the client can obtain what a downstream demands
   */
  async prepare(authorized: AuthorizedOperation<Offer>, parts: RequestParts): Promise<PreparedDownstreams> {
    const { caller, operation, primitive, scopes } = authorized;
    if (!primitive || !operation || !this.isNeeded(authorized)) return {};
    const { trace, scheme } = parts;
    const { access, failures } = await this.#exchange(caller, operation, primitive, trace);
    const [failure] = failures;
    if (!failure) return { access };
    const challenge =
      caller && this.challenges.createDownstreamChallenge(caller, scheme, listRemedies(caller, failures), scopes);
    // Without a challenge, the tool's result reports the first failure.
    for (const one of challenge ? failures : failures.slice(1)) logFailure(primitive.name, one, trace.correlationId);
    if (!challenge) return { access, failure };
    const { error = 'invalid_token', scopes: demanded = [] } = challenge.parameters;
    this.denials.record({ reason: error as DenialReason, caller, operation, scopes: demanded }, trace);
    throw challenge;
  }

  /**
   * A challenge for the scopes that an operation lacks and those that stand for consent to its downstreams. The user
   * needs only one round trip.
   *
   * @returns `undefined` if there is nothing to add
   */
  async combine(
    { reason, scopes }: AccessDeniedError,
    request: AdmissionRequest<Offer>,
    { trace, scheme }: RequestParts,
  ): Promise<ChallengeException | undefined> {
    const { caller, operation, found } = request;
    const primitive = found?.primitive;
    if (!caller || caller.appOnly || !operation || !primitive || reason !== 'insufficient_scope') return undefined;
    if (!primitive.downstreams.some((name) => this.#hasScopeMap(name))) return undefined;
    if (await trace.run(() => this.admission.isObjectedTo(request))) return undefined;
    const { failures } = await this.#exchange(caller, operation, primitive, trace);
    for (const failure of failures) logFailure(primitive.name, failure, trace.correlationId);
    return this.challenges.createDownstreamChallenge(caller, scheme, listRemedies(caller, failures), scopes);
  }

  /** A test may have put another `DownstreamClient` in place, by `overrideProvider()`. It needs no tokens. */
  #isClientReplaced(): boolean {
    return Object.getPrototypeOf(this.module.get<object>(DownstreamClient)) !== DownstreamClient.prototype;
  }

  #hasScopeMap(name: string): boolean {
    const downstream = this.options.downstreams.get(name);
    return downstream !== undefined && listForms(downstream).some(({ scopeMap }) => scopeMap.size > 0);
  }

  async #exchange(caller: Caller | undefined, operation: Operation, offer: Offer, trace: RequestTrace) {
    const access = this.callers.openAccess(caller, () => trace.createAuditContext(caller, operation));
    return { access, failures: await trace.run(() => exchangeEagerly(access, offer)) };
  }
}

/**
 * What a client can be challenged for. Empty if the caller cannot fix the first failure, or if there is no user to sign
 * in.
 */
function listRemedies(caller: Caller, [first, ...others]: readonly DownstreamError[]): readonly ChallengeRemedy[] {
  const listChallenges = (failure: DownstreamError | undefined) =>
    failure instanceof CallerActionError && failure.remedy && 'challenge' in failure.remedy ? [failure.remedy] : [];
  const pressing = caller.appOnly ? [] : listChallenges(first);
  return pressing.length === 0 ? [] : [...pressing, ...others.flatMap(listChallenges)];
}
