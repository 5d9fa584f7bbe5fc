import { Injectable, Scope, type ScopeOptions, type Type } from '@nestjs/common';
import { SCOPE_OPTIONS_METADATA } from '@nestjs/common/constants.js';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import { describePlace, type MethodHost, type Offer } from '../catalogue/primitive.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { waitFor } from '../../time/time-limit.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { Denial, type Policy, type PolicyRequest } from '../access/policy.js';

/** A denial, and the class name of its policy. */
export interface Objection {
  readonly policy: string;
  readonly denial: Denial;
}

/** Returns a policy. A request-scoped or transient policy is created anew for each call. */
type PolicySource = () => Policy | Promise<Policy>;

const logger = new CleanLogger('Policies');

/** Milliseconds for a policy, if the call has no limit. */
const PATIENCE = 10_000;

const NOT_ALLOWED = new Denial('This is not allowed for you.');

/** Runs the policies of tools and other offers. */
@Injectable()
export class Policies {
  readonly #sources = new WeakMap<Offer, ReadonlyMap<Type<Policy>, PolicySource>>();

  constructor(private readonly moduleRef: ModuleRef) {}

  /**
   * Resolves the policies of each offer, once per offer.
   *
   * @throws {@link McpAuthConfigurationError} if a policy cannot be created, or does not implement {@link Policy}
   */
  async prepare(offers: readonly Offer[]): Promise<void> {
    for (const offer of offers) {
      if (this.#sources.has(offer)) continue;
      const sources = new Map<Type<Policy>, PolicySource>();
      for (const type of offer.policies) sources.set(type, await this.#findSource(type, offer));
      this.#sources.set(offer, sources);
    }
  }

  /**
   * Runs the policies in order and returns the first denial.
   *
   * @throws whatever a policy throws
   */
  async findObjection(offer: Offer, request: PolicyRequest): Promise<Objection | undefined> {
    const sources = this.#sources.get(offer);
    if (!sources) throw new Error(`The policies of ${offer.name} are not prepared`);
    for (const [{ name: policy }, find] of sources) {
      const verdict: unknown = await decideInTime((await find()).permits(request), offer.timeoutMs);
      if (verdict !== true) return { policy, denial: toDenial(verdict, policy) };
    }
    return undefined;
  }

  /**
   * Looks for a provider in the tool's own module, then in any module. Otherwise creates the policy with the providers
   * of the tool's module.
   */
  async #findSource(type: Type<Policy>, { host }: Offer): Promise<PolicySource> {
    const { wrapper } = host;
    const own = wrapper.host?.providers.get(ModuleRef)?.instance as ModuleRef | undefined;
    if (typeof (type.prototype as Partial<Policy> | undefined)?.permits !== 'function') {
      throw createPolicyError(type, host, 'has no method `permits`. Implement Policy');
    }
    const isOwn = wrapper.host?.providers.has(type) ?? false;
    const moduleRef = isOwn && own ? own : this.moduleRef;
    try {
      const policy = moduleRef.get(type, { strict: isOwn });
      return () => policy;
    } catch {
      // Not a singleton, or not provided.
    }
    try {
      await moduleRef.resolve(type, ContextIdFactory.create(), { strict: isOwn });
      return () => moduleRef.resolve(type, ContextIdFactory.create(), { strict: isOwn });
    } catch {
      // Not provided.
    }
    try {
      const make = () => (own ?? this.moduleRef).create(type);
      const policy = await make();
      return isSingleton(type) ? () => policy : make;
    } catch (error) {
      throw createPolicyError(
        type,
        host,
        `cannot be made: ${error instanceof Error ? error.message : String(error)}. Provide what it injects`,
      );
    }
  }
}

/**
 * Waits for the verdict of a policy.
 *
 * @param timeoutMs - of the call that it decides about
 * @throws Error if there is no verdict in time, so that nothing is decided
 */
async function decideInTime(verdict: unknown, timeoutMs = PATIENCE): Promise<unknown> {
  if (typeof verdict !== 'object' || verdict instanceof Denial) return verdict;
  return await waitFor<unknown>(
    Promise.resolve(verdict),
    timeoutMs,
    () => new Error(`The policy decided nothing in ${timeoutMs} ms`),
  );
}

/**
 * A denial that can be told.
 *
 * @throws TypeError if the policy returned one that has no text, or hints that are no JSON
 */
function toDenial(verdict: unknown, policy: string): Denial {
  if (verdict instanceof Denial) {
    const { message, remediation, hints } = verdict;
    if (typeof message !== 'string' || typeof remediation !== 'string' || !Array.isArray(hints))
      throw new TypeError(`The policy ${policy} returned a Denial whose parts are of other types`);
    return new Denial(message, remediation, JSON.parse(JSON.stringify(hints)) as Denial['hints']);
  }
  if (verdict !== false)
    logger.sum(
      'warn',
      policy,
      `The policy ${policy} returned neither true, false nor a Denial: ${typeof verdict}. That denies`,
    );
  return NOT_ALLOWED;
}

function isSingleton(type: Type<Policy>): boolean {
  const options = Reflect.getMetadata(SCOPE_OPTIONS_METADATA, type) as ScopeOptions | undefined;
  return (options?.scope ?? Scope.DEFAULT) === Scope.DEFAULT;
}

function createPolicyError(type: Type<Policy>, host: MethodHost, what: string): McpAuthConfigurationError {
  return new McpAuthConfigurationError([`The policy ${type.name} of ${describePlace(host)} ${what}.`]);
}
