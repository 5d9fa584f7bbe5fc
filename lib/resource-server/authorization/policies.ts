import { Injectable, Scope, type ScopeOptions, type Type } from '@nestjs/common';
import { SCOPE_OPTIONS_METADATA } from '@nestjs/common/constants.js';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import { describePlace, type MethodHost, type Offer } from '../catalogue/primitive.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { Denial, type Policy, type PolicyRequest } from '../access/policy.js';

/** A policy's no, and whose. */
export interface Objection {
  readonly policy: string;
  readonly denial: Denial;
}

/** Finds a policy; anew for each call where it is request-scoped. */
type PolicySource = () => Policy | Promise<Policy>;

const NOT_ALLOWED = new Denial('This is not allowed for you.');

/** Asks the policies that tools are under. */
@Injectable()
export class Policies {
  readonly #sources = new WeakMap<Offer, ReadonlyMap<Type<Policy>, PolicySource>>();

  constructor(private readonly moduleRef: ModuleRef) {}

  /**
   * Finds the policies of what is offered; once for each.
   *
   * @throws {@link McpAuthConfigurationError} if one cannot be made, or is no policy
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
   * The first objection to a request, in the order of the policies.
   *
   * @throws what a policy throws
   */
  async findObjection(offer: Offer, request: PolicyRequest): Promise<Objection | undefined> {
    const sources = this.#sources.get(offer);
    if (!sources) throw new Error(`The policies of ${offer.name} are not prepared`);
    for (const [{ name: policy }, find] of sources) {
      const verdict = await (await find()).permits(request);
      if (verdict !== true) return { policy, denial: verdict instanceof Denial ? verdict : NOT_ALLOWED };
    }
    return undefined;
  }

  /** A provider of the tool's own module, else of any, else made with what it injects from the tool's module. */
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
      // Not a singleton, or not there.
    }
    try {
      await moduleRef.resolve(type, ContextIdFactory.create(), { strict: isOwn });
      return () => moduleRef.resolve(type, ContextIdFactory.create(), { strict: isOwn });
    } catch {
      // Not there.
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

function isSingleton(type: Type<Policy>): boolean {
  const options = Reflect.getMetadata(SCOPE_OPTIONS_METADATA, type) as ScopeOptions | undefined;
  return (options?.scope ?? Scope.DEFAULT) === Scope.DEFAULT;
}

function createPolicyError(type: Type<Policy>, host: MethodHost, what: string): McpAuthConfigurationError {
  return new McpAuthConfigurationError([`The policy ${type.name} of ${describePlace(host)} ${what}.`]);
}
