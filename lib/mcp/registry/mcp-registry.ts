import { Injectable, type Type } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import type { Policy } from '../../resource-server/access/policy.js';
import { Policies } from '../../resource-server/authorization/policies.js';
import { Catalogue } from '../../resource-server/catalogue/catalogue.js';
import { inServers, type ServerSelection } from '../../servers/application-servers.js';
import type { Surroundings } from '../../resource-server/catalogue/offer.js';
import type { MethodHost, Primitive } from '../../resource-server/catalogue/primitive.js';
import { definePrompt } from '../../resource-server/catalogue/prompt-definition.js';
import { defineResource, defineResourceTemplate } from '../../resource-server/catalogue/resource-definition.js';
import { defineTool } from '../../resource-server/catalogue/tool-definition.js';
import { loadClassValidation } from '../../resource-server/catalogue/validated-class.js';
import type { ArgumentsOf, ArgumentsSchema, ToolSchema } from '../../resource-server/decorators/access-options.js';
import type { McpPromptOptions } from '../../resource-server/decorators/mcp-prompt.decorator.js';
import type { McpResourceTemplateOptions } from '../../resource-server/decorators/mcp-resource-template.decorator.js';
import type { McpResourceOptions } from '../../resource-server/decorators/mcp-resource.decorator.js';
import type { McpToolOptions } from '../../resource-server/decorators/mcp-tool.decorator.js';
import { ChangeNotifications } from '../notifications/change-notifications.js';
import { McpAuthConfigurationError } from '../../errors/configuration-error.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';
import { PrimitiveInvocations } from '../invocation/primitive-invocations.js';

/** What other decorators would say of a method. */
export interface RegistrationOptions {
  /** Policies that it is under, after those of the module's options ({@link UsePolicy}). */
  policies?: readonly Type<Policy>[];
  /** Whether everyone may call it, without a token ({@link Anonymous}). */
  anonymous?: boolean;
}

/** Something that was registered at run time. */
export interface Registration {
  /**
   * Takes it away again, and tells clients. Calls that run go on to their end.
   *
   * @returns whether it was there still
   */
  remove(): boolean;
}

type Handler<Input> = (input: Input, context: McpContext) => unknown;
type Definition = (host: MethodHost, surroundings: Surroundings, problems: string[]) => Primitive;

/** The decorated method of what is registered has no other name. */
const METHOD = 'handle';

/**
 * Registers tools, resources, resource templates and prompts while the application runs, and tells clients that their lists
 * have changed, here and, with `replicas.bus`, in all replicas. What is registered is behind the same rules as what has decorators:
 * scopes, policies, downstreams, and the application's global guards, pipes, interceptors and filters. It is registered in
 * this process alone: each replica does so for itself.
 */
@Injectable()
export class McpRegistry {
  constructor(
    private readonly options: ResolvedOptions,
    private readonly catalogue: Catalogue,
    private readonly invocations: PrimitiveInvocations,
    private readonly policies: Policies,
    private readonly notifications: ChangeNotifications,
    private readonly modules: ModulesContainer,
  ) {}

  /**
   * @param options - as for {@link McpTool}
   * @param handler - is called as a method with {@link McpTool} is
   * @throws {@link McpAuthConfigurationError} if the options are at fault, or there is a tool of that name
   */
  async registerTool<Input extends ArgumentsSchema, Output extends ToolSchema>(
    options: McpToolOptions<Input, Output> & RegistrationOptions & { name: string },
    handler: Handler<ArgumentsOf<Input>>,
  ): Promise<Registration> {
    const define: Definition = (...rest) => defineTool(options as McpToolOptions, ...rest);
    return await this.#register('registerTool', options, handler, define);
  }

  /**
   * @param options - as for {@link McpResource}
   * @param handler - is called as a method with {@link McpResource} is
   * @throws {@link McpAuthConfigurationError} if the options are at fault, or there is a resource of that URI
   */
  async registerResource(
    options: McpResourceOptions & RegistrationOptions & { name: string },
    handler: Handler<{ readonly uri: string }>,
  ): Promise<Registration> {
    return await this.#register('registerResource', options, handler, (...rest) => defineResource(options, ...rest));
  }

  /**
   * @param options - as for {@link McpResourceTemplate}
   * @param handler - is called as a method with {@link McpResourceTemplate} is
   * @throws {@link McpAuthConfigurationError} if the options are at fault, or there is such a template
   */
  async registerResourceTemplate<Input extends ArgumentsSchema>(
    options: McpResourceTemplateOptions<Input> & RegistrationOptions & { name: string },
    handler: Handler<ArgumentsOf<Input>>,
  ): Promise<Registration> {
    const define: Definition = (...rest) => defineResourceTemplate(options as McpResourceTemplateOptions, ...rest);
    return await this.#register('registerResourceTemplate', options, handler, define);
  }

  /**
   * @param options - as for {@link McpPrompt}
   * @param handler - is called as a method with {@link McpPrompt} is
   * @throws {@link McpAuthConfigurationError} if the options are at fault, or there is a prompt of that name
   */
  async registerPrompt<Input extends ArgumentsSchema>(
    options: McpPromptOptions<Input> & RegistrationOptions & { name: string },
    handler: Handler<ArgumentsOf<Input>>,
  ): Promise<Registration> {
    const define: Definition = (...rest) => definePrompt(options as McpPromptOptions, ...rest);
    return await this.#register('registerPrompt', options, handler, define);
  }

  /**
   * Finds what has decorators in modules that came after the start, such as those of Nest's `LazyModuleLoader`, and tells
   * clients.
   *
   * @throws {@link McpAuthConfigurationError} naming every declaration at fault
   */
  async discover(): Promise<void> {
    for (const { catalogue, invocations, policies } of inServers(this.modules, McpRegistry, {}, 'discover')) {
      const found = await catalogue.discover();
      invocations.prepare(catalogue.primitives);
      await policies.prepare(catalogue.primitives);
      catalogue.changed(found);
    }
  }

  /**
   * Tells clients that have subscribed to a resource that it is another one now (MCP specification,
   * `notifications/resources/updated`).
   *
   * @param uri - of the resource
   * @param selection - `server`: the name, or names, of the servers that are meant alone
   * @throws {@link McpAuthConfigurationError} for a name that no server has
   */
  resourceUpdated(uri: string, selection: ServerSelection = {}): void {
    const servers = inServers(this.modules, McpRegistry, selection, 'McpRegistry.resourceUpdated');
    for (const { notifications } of servers) notifications.resourceUpdated(uri);
  }

  async #register(
    decorator: string,
    registration: RegistrationOptions & ServerSelection & { readonly input?: unknown },
    handler: Handler<never>,
    define: Definition,
  ): Promise<Registration> {
    if (typeof registration.input === 'function') await loadClassValidation();
    const servers = inServers(this.modules, McpRegistry, registration, decorator);
    const added: { readonly catalogue: Catalogue; readonly primitive: Primitive }[] = [];
    const remove = () => added.map(({ catalogue, primitive }) => catalogue.remove(primitive)).some(Boolean);
    try {
      for (const server of servers) added.push(await server.#add(decorator, registration, handler, define));
    } catch (error) {
      // In all of them, or in none.
      remove();
      throw error;
    }
    return { remove };
  }

  async #add(
    decorator: string,
    registration: RegistrationOptions,
    handler: Handler<never>,
    define: Definition,
  ): Promise<{ readonly catalogue: Catalogue; readonly primitive: Primitive }> {
    const { catalogue } = this;
    const problems: string[] = [];
    const primitive = define(this.#hostOf(decorator, handler), this.#surroundingsOf(registration), problems);
    if (problems.length > 0) throw new McpAuthConfigurationError(problems);
    this.invocations.prepare([primitive]);
    await this.policies.prepare([primitive]);
    catalogue.add(primitive, problems);
    return { catalogue, primitive };
  }

  #surroundingsOf({ policies = [], anonymous = false }: RegistrationOptions): Surroundings {
    const { appOnly, timeoutMs } = this.options;
    return { anonymous, policies: [...this.options.policies, ...policies], appOnly, timeoutMs };
  }

  /** A host that Nest runs as it runs a provider's method. */
  #hostOf(decorator: string, handler: Handler<never>): MethodHost {
    class Registered {
      [METHOD](input: never, context: McpContext): unknown {
        return handler(input, context);
      }
    }
    const host = [...this.modules.values()].find(({ providers }) => providers.get(McpRegistry)?.instance === this);
    if (!host?.providers.has(ModuleRef)) throw new Error('The registry belongs to no module');
    const wrapper = new InstanceWrapper({
      token: Registered,
      name: decorator,
      metatype: Registered,
      instance: new Registered(),
      isResolved: true,
      // Nest knows of it as little as of what `useValue` provides.
      inject: [],
      host,
    });
    return { wrapper, type: Registered, method: METHOD, decorator };
  }
}
