import { Injectable, type Type } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import type { Module } from '@nestjs/core/injector/module.js';
import { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { Policies } from '../../resource-server/authorization/policies.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import type { Surroundings } from '../../resource-server/catalogue/surroundings.js';
import type { GeneratedMethods } from '../../resource-server/catalogue/decorated-methods.js';
import type { MethodHost, Primitive } from '../../resource-server/catalogue/primitive.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';
import { PrimitiveInvocations } from '../invocation/primitive-invocations.js';
import { ChangeNotifications } from '../notifications/change-notifications.js';
import type { Registration, RegistrationOptions } from './registration.js';

/** A primitive to register: its options, and the function to call. */
export interface RegistrationRequest {
  /** Name of the registry's method, for error messages. */
  readonly by: string;
  readonly options: RegistrationOptions;
  readonly handler: (input: never, context: McpContext) => unknown;
  /** Creates the primitive for one server. */
  readonly define: (host: MethodHost, surroundings: Surroundings, problems: string[]) => Primitive;
}

/** What the generated methods of a class offered, and what they offer now. */
export interface Replacement {
  readonly before: readonly Primitive[];
  readonly after: readonly Primitive[];
}

/** Method name of every registered handler. */
const METHOD = 'handle';

/** Registers the primitives of one server, at boot and later. */
@Injectable()
export class ServerRegistry {
  /** The module that this registry belongs to. */
  #module: Module | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    private readonly catalogue: Catalogue,
    private readonly invocations: PrimitiveInvocations,
    private readonly policies: Policies,
    private readonly notifications: ChangeNotifications,
    private readonly modules: ModulesContainer,
  ) {}

  /**
   * Finds and prepares all decorated primitives.
   *
   * @returns the primitives that are new
   * @throws {@link McpAuthConfigurationError} naming every invalid declaration
   */
  async discover(): Promise<readonly Primitive[]> {
    const found = await this.catalogue.discover();
    this.invocations.prepare(this.catalogue.primitives);
    await this.policies.prepare(this.catalogue.primitives);
    return found;
  }

  /** Does the same as {@link discover}, and notifies clients. */
  async discoverLater(): Promise<void> {
    this.catalogue.tellChanged(await this.discover());
  }

  /**
   * Replaces the generated methods of a class, all of them at once, and notifies clients of what is different. Calls that
   * run go on with what they began with.
   *
   * @returns the primitives before and after
   * @throws {@link McpAuthConfigurationError} if one of them is faulty. Then nothing has changed
   */
  async replaceGenerated(type: Type, methods: GeneratedMethods): Promise<Replacement> {
    const after = this.catalogue.defineGenerated(type, methods);
    this.invocations.prepare(after);
    await this.policies.prepare(after);
    return { before: this.catalogue.replaceGenerated(type, methods, after), after };
  }

  /** @throws {@link McpAuthConfigurationError} if the declaration is invalid or its name is taken */
  async register({ by, options, handler, define }: RegistrationRequest): Promise<Registration> {
    const problems: string[] = [];
    const primitive = define(this.#createHost(by, handler), this.#buildSurroundings(options), problems);
    if (problems.length > 0) throw new McpAuthConfigurationError(problems);
    this.invocations.prepare([primitive]);
    await this.policies.prepare([primitive]);
    this.catalogue.add(primitive, problems);
    return { remove: () => this.catalogue.remove(primitive) };
  }

  /** Notifies the subscribers of a resource that it has changed. */
  sendResourceUpdated(uri: string): void {
    this.notifications.sendResourceUpdated(uri);
  }

  #buildSurroundings({ policies = [], anonymous = false }: RegistrationOptions): Surroundings {
    const { appOnly, timeoutMs } = this.options;
    return { anonymous, policies: [...this.options.policies, ...policies], appOnly, timeoutMs };
  }

  /** Creates a host that Nest calls like a provider's method. */
  #createHost(decorator: string, handler: RegistrationRequest['handler']): MethodHost {
    class Registered {
      [METHOD](input: never, context: McpContext): unknown {
        return handler(input, context);
      }
    }
    this.#module ??= [...this.modules.values()].find(
      ({ providers }) => providers.get(ServerRegistry)?.instance === this,
    );
    const host = this.#module;
    if (!host?.providers.has(ModuleRef)) throw new Error('The registry belongs to no module');
    const wrapper = new InstanceWrapper({
      token: Registered,
      name: decorator,
      metatype: Registered,
      instance: new Registered(),
      isResolved: true,
      // With `inject`, Nest treats the wrapper like a provider made by `useValue`.
      inject: [],
      host,
    });
    return { wrapper, type: Registered, method: METHOD, decorator };
  }
}
