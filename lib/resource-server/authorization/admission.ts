import { isDeepStrictEqual } from 'node:util';
import { Injectable } from '@nestjs/common';
import type { RequestTrace } from '../../observability/request-trace.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { isSignedInAsNeeded, judgeCaller, selectFixedScopes, selectSufficientScopes } from '../access/access-rule.js';
import type { Caller } from '../access/caller.js';
import type { Operation } from '../access/operation.js';
import { Denial } from '../access/policy.js';
import { ScopeHierarchy } from '../access/scope-hierarchy.js';
import type { Parsed } from '../catalogue/arguments-schema.js';
import type { Offer, Primitive } from '../catalogue/primitive.js';
import { Issuers } from '../issuers/issuers.js';
import type { AdmissionRequest } from './admission-request.js';
import { AccessDeniedError } from './access-denied-error.js';
import { ArgumentsJudge, type CreateDenial } from './arguments-judge.js';
import { Denials } from './denials.js';
import { freezeCopy } from './frozen-copy.js';
import { Policies } from './policies.js';
import { computeListedRule, computeRule, readJudgedArguments, dependsOnArguments } from './validated-arguments.js';

interface Leave<One extends Offer> {
  readonly caller: Caller | undefined;
  readonly operation: Operation | undefined;
  readonly primitive: One | undefined;
  readonly input: Parsed;
  readonly judged: unknown;
  readonly scopes: readonly string[];
}

/** Only this file can create an {@link AuthorizedOperation}, and change it. */
let grant: <One extends Offer>(leave: Leave<One>) => AuthorizedOperation<One>;
let keepReadings: (authorized: AuthorizedOperation<Offer>, readings: readonly unknown[]) => void;

/** Permission to do one operation for one caller. Only {@link Admission} creates it. */
export class AuthorizedOperation<One extends Offer = Primitive> {
  static {
    grant = (leave) => new AuthorizedOperation(leave);
    keepReadings = (authorized, readings) => {
      authorized.#readings = readings;
    };
  }

  readonly caller: Caller | undefined;
  readonly operation: Operation | undefined;
  /** `undefined` if the operation targets no primitive, or one that does not exist. */
  readonly primitive: One | undefined;
  /** The validated arguments of the method, or what is wrong with them. */
  readonly input: Parsed;
  /** The frozen copy of the arguments that was authorized. */
  readonly judged: unknown;
  /** Scopes that the operation requires. */
  readonly scopes: readonly string[];
  #isAudited = false;
  #readings: readonly unknown[] = [];

  private constructor({ caller, operation, primitive, input, judged, scopes }: Leave<One>) {
    this.caller = caller;
    this.operation = operation;
    this.primitive = primitive;
    this.input = input;
    this.judged = judged;
    this.scopes = scopes;
  }

  /**
   * Frozen copies of what pipes, guards and interceptors made of the arguments, where they changed them. What comes
   * later of this operation is authorized for them, too.
   */
  get readings(): readonly unknown[] {
    return this.#readings;
  }

  /** Whether the audit has yet to record it. Whoever asks first records it: a call of several rounds is there once. */
  claimAudit(): boolean {
    const isFirst = !this.#isAudited;
    this.#isAudited = true;
    return isFirst;
  }
}

const NO_USER = new Denial('This tool acts for a user, and the token has no user.', 'unavailable');

/** Decides whether a caller may do an operation. Every transport asks it before the operation runs. */
@Injectable()
export class Admission {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly hierarchy: ScopeHierarchy,
    private readonly issuers: Issuers,
    private readonly policies: Policies,
    private readonly judge: ArgumentsJudge,
    private readonly denials: Denials,
  ) {}

  /**
   * Authorizes an operation. If lists show only what is permitted, a primitive that the caller may not see counts as
   * missing: the result then has no primitive.
   *
   * @throws {@link AccessDeniedError} if the caller may not do it. The denial is already in the audit, metrics and span
   */
  async admit<One extends Offer>(
    request: AdmissionRequest<One>,
    trace: RequestTrace,
  ): Promise<AuthorizedOperation<One>> {
    if (request.found) trace.aimAt(request.found.primitive.name);
    try {
      return await trace.run(() => this.#decide(request, trace));
    } catch (error) {
      if (!(error instanceof AccessDeniedError)) throw error;
      this.denials.record(error, trace);
      const { caller, operation, primitive } = error;
      const { name } = request.judgedAs?.operation ?? operation ?? {};
      if (primitive && !this.#isListed(primitive, caller, name)) return grantNothing<One>(caller, operation);
      throw error;
    }
  }

  /**
   * Authorizes something that the caller did not request explicitly: an entry of a list or an event of a stream. A
   * denial is not recorded.
   *
   * @returns `undefined` if the caller may not do it, or if the decision fails
   */
  async findLeave<One extends Offer>(request: AdmissionRequest<One>): Promise<AuthorizedOperation<One> | undefined> {
    try {
      const leave = await this.#decide(request);
      return leave.primitive && 'value' in leave.input ? leave : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * Authorizes an operation again, with the arguments that its method is about to get. Pipes, guards and interceptors of
   * the application may have changed those that were authorized.
   *
   * @param readings - the arguments in each form in which the method may read them
   * @throws {@link AccessDeniedError} if the caller may not do it with these arguments. The denial is recorded
   */
  async readmit(
    authorized: AuthorizedOperation<Offer>,
    readings: readonly unknown[],
    trace: RequestTrace,
  ): Promise<void> {
    const { caller, operation, primitive } = authorized;
    if (!primitive || !operation || !dependsOnArguments(primitive)) return;
    const changed = readings.filter((reading) => !isDeepStrictEqual(reading, authorized.judged)).map(freezeCopy);
    const createDenial: CreateDenial = (denial) =>
      new AccessDeniedError({ ...denial, caller, operation, primitive, reference: trace.correlationId });
    try {
      for (const reading of changed)
        await this.judge.judgeChanged({ caller, operation, primitive, arguments: reading }, createDenial);
    } catch (error) {
      if (error instanceof AccessDeniedError) this.denials.record(error, trace);
      throw error;
    }
    keepReadings(authorized, changed);
  }

  /**
   * Whether lists show an offer to a caller.
   *
   * @param name - what the list names it, if that is not the name of the offer: the URI of a resource that a rule for
   *   several is about
   */
  isShown(offer: Offer, caller: Caller | undefined, name?: string): boolean {
    if (!caller && !this.options.anonymous) return offer.access.anonymous;
    return this.#isListed(offer, caller, name);
  }

  /** Whether a policy denies an operation that the caller lacks scopes for. Further consent would then not help. */
  async isObjectedTo(asked: AdmissionRequest<Offer>): Promise<boolean> {
    const { caller, found, known } = asked;
    const { operation } = asked.judgedAs ?? asked;
    if (!found || !operation || found.primitive.policies.length === 0) return false;
    try {
      const input = await readJudgedArguments(asked, found);
      if ('problems' in input) return true;
      const request = { caller, operation, arguments: known ? input.value : freezeCopy(input.value) };
      return (await this.policies.findObjection(found.primitive, request)) !== undefined;
    } catch {
      return true;
    }
  }

  /** @param trace - of the request, if it asks for the operation itself */
  async #decide<One extends Offer>(
    request: AdmissionRequest<One>,
    trace?: RequestTrace,
  ): Promise<AuthorizedOperation<One>> {
    const { caller, operation, found } = request;
    const clients = caller && this.#findAllowedClients(caller);
    if (clients && (caller.clientId === undefined || !clients.has(caller.clientId))) {
      const told = { caller, operation, clients: [...clients], reference: trace?.correlationId ?? '' };
      throw new AccessDeniedError({ reason: 'client_not_allowed', ...told });
    }
    if (!found) return grantNothing<One>(caller, operation);
    const { primitive } = found;
    const { access } = primitive;
    const createDenial: CreateDenial = (denial) =>
      new AccessDeniedError({ ...denial, caller, operation, primitive, reference: trace?.correlationId ?? '' });
    if (!caller && !access.anonymous && !this.options.anonymous) {
      throw createDenial({ reason: 'insufficient_scope', scopes: selectSufficientScopes(access, this.hierarchy) });
    }
    const asked = request.judgedAs ?? request;
    // A caller without the scopes is refused before its arguments are read.
    const fixed = judgeCaller(caller, selectFixedScopes(access), this.hierarchy);
    const input = fixed.sufficient ? await readJudgedArguments(request, found) : undefined;
    const isCopied = !request.known && dependsOnArguments(primitive);
    const judged = input && 'value' in input ? { value: isCopied ? freezeCopy(input.value) : input.value } : undefined;
    const rule = await computeRule(request, found, judged);
    const { sufficient, needed: scopes } =
      rule === access.scopes ? fixed : judgeCaller(caller, rule ?? [], this.hierarchy);
    if (caller && !isSignedInAsNeeded(caller, access)) {
      throw createDenial({ reason: 'insufficient_user_authentication', scopes });
    }
    if (!sufficient || !input || !rule) throw createDenial({ reason: 'insufficient_scope', scopes });
    if (caller?.appOnly && !access.appOnly) throw createDenial({ reason: 'app_only', scopes, denial: NO_USER });
    if (asked.operation && judged) {
      const question = { caller, operation: asked.operation, primitive, arguments: judged.value };
      await this.judge.judge(question, (denial) => createDenial({ ...denial, scopes }));
      for (const reading of request.readings ?? [])
        await this.judge.judgeChanged({ ...question, arguments: reading }, createDenial);
    }
    return grant({ caller, operation, primitive, input, judged: judged?.value, scopes });
  }

  /** `clients` of the issuer. No other token of a client that is not among them would help. */
  #findAllowedClients({ claims }: Caller): ReadonlySet<string> | undefined {
    return this.issuers.findIssuer(claims)?.options.clients;
  }

  #isListed(offer: Offer, caller: Caller | undefined, name: string | undefined): boolean {
    if (this.options.list === 'all') return true;
    const rule = computeListedRule(offer, name);
    return rule !== undefined && judgeCaller(caller, rule, this.hierarchy).sufficient;
  }
}

/** Permission without a primitive to act on. */
function grantNothing<One extends Offer>(
  caller: Caller | undefined,
  operation: Operation | undefined,
): AuthorizedOperation<One> {
  const nothing = { primitive: undefined, input: { problems: [] }, judged: undefined, scopes: [] };
  return grant<One>({ caller, operation, ...nothing });
}
