import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { definePrompt } from '../../resource-server/catalogue/prompt-definition.js';
import { defineResource, defineResourceTemplate } from '../../resource-server/catalogue/resource-definition.js';
import { defineTool } from '../../resource-server/catalogue/tool-definition.js';
import { loadClassValidation } from '../../resource-server/catalogue/validated-class.js';
import type { ArgumentsOf, ArgumentsSchema, ToolSchema } from '../../resource-server/decorators/access-options.js';
import type { McpContext } from '../../resource-server/decorators/mcp-context.js';
import type { McpPromptOptions } from '../../resource-server/decorators/mcp-prompt.decorator.js';
import type { McpResourceTemplateOptions } from '../../resource-server/decorators/mcp-resource-template.decorator.js';
import type { McpResourceOptions } from '../../resource-server/decorators/mcp-resource.decorator.js';
import type { McpToolOptions } from '../../resource-server/decorators/mcp-tool.decorator.js';
import { selectServers, type ServerSelection } from '../../servers/application-servers.js';
import type { Registration, RegistrationOptions } from './registration.js';
import { ServerRegistry, type RegistrationRequest } from './server-registry.js';

/** Called like a decorated method. */
type Handler<Input> = (input: Input, context: McpContext) => unknown;

/**
 * Registers tools, resources, resource templates and prompts while the application runs. Clients are notified that
 * their lists have changed, once for all changes of one turn of the event loop; with `replicas.bus`, in all replicas. A registered primitive follows the same rules as a
 * decorated one: scopes, policies, downstreams, and the application's global guards, pipes, interceptors and filters.
 * A registration applies to this process only: each replica registers its own.
 */
@Injectable()
export class McpRegistry {
  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Registers a tool (MCP specification, section "Tools"), in all servers or in none.
   *
   * @param options - as for {@link McpTool}, plus `name`, and `server` to select servers
   * @param handler - called like a method with {@link McpTool}: with its input and the context of the call
   * @returns the registration, which can be removed
   * @throws {@link McpAuthConfigurationError} if the options are invalid or the name is taken
   */
  async registerTool<Input extends ArgumentsSchema, Output extends ToolSchema>(
    options: McpToolOptions<Input, Output> & RegistrationOptions & { name: string },
    handler: Handler<ArgumentsOf<Input>>,
  ): Promise<Registration> {
    const define: RegistrationRequest['define'] = (...rest) => defineTool(options as McpToolOptions, ...rest);
    return await this.#register('registerTool', options, handler, define);
  }

  /**
   * Registers a resource (MCP specification, section "Resources"), in all servers or in none.
   *
   * @param options - as for {@link McpResource}, plus `name`, and `server` to select servers
   * @param handler - called like a method with {@link McpResource}: with its input and the context of the call
   * @returns the registration, which can be removed
   * @throws {@link McpAuthConfigurationError} if the options are invalid or the URI is taken
   */
  async registerResource(
    options: McpResourceOptions & RegistrationOptions & { name: string },
    handler: Handler<{ readonly uri: string }>,
  ): Promise<Registration> {
    return await this.#register('registerResource', options, handler, (...rest) => defineResource(options, ...rest));
  }

  /**
   * Registers a resource template (MCP specification, section "Resource Templates"), in all servers or in none.
   *
   * @param options - as for {@link McpResourceTemplate}, plus `name`, and `server` to select servers
   * @param handler - called like a method with {@link McpResourceTemplate}: with its input and the context of the
   *   call
   * @returns the registration, which can be removed
   * @throws {@link McpAuthConfigurationError} if the options are invalid or the template is already registered
   */
  async registerResourceTemplate<Input extends ArgumentsSchema>(
    options: McpResourceTemplateOptions<Input> & RegistrationOptions & { name: string },
    handler: Handler<ArgumentsOf<Input>>,
  ): Promise<Registration> {
    const define: RegistrationRequest['define'] = (...rest) =>
      defineResourceTemplate(options as McpResourceTemplateOptions, ...rest);
    return await this.#register('registerResourceTemplate', options, handler, define);
  }

  /**
   * Registers a prompt (MCP specification, section "Prompts"), in all servers or in none.
   *
   * @param options - as for {@link McpPrompt}, plus `name`, and `server` to select servers
   * @param handler - called like a method with {@link McpPrompt}: with its input and the context of the call
   * @returns the registration, which can be removed
   * @throws {@link McpAuthConfigurationError} if the options are invalid or the name is taken
   */
  async registerPrompt<Input extends ArgumentsSchema>(
    options: McpPromptOptions<Input> & RegistrationOptions & { name: string },
    handler: Handler<ArgumentsOf<Input>>,
  ): Promise<Registration> {
    const define: RegistrationRequest['define'] = (...rest) => definePrompt(options as McpPromptOptions, ...rest);
    return await this.#register('registerPrompt', options, handler, define);
  }

  /**
   * Finds decorated primitives in modules that were loaded after the start, for example with Nest's
   * `LazyModuleLoader`, and notifies clients.
   *
   * @throws {@link McpAuthConfigurationError} naming every invalid declaration
   */
  async discover(): Promise<void> {
    for (const server of selectServers(this.modules, ServerRegistry, {}, 'McpRegistry.discover')) {
      await server.discoverLater();
    }
  }

  /**
   * Notifies the subscribers of a resource that it has changed (MCP specification,
   * `notifications/resources/updated`).
   *
   * @param uri - URI of the resource
   * @param selection - `server`: one or more server names. Defaults to all servers
   * @throws {@link McpAuthConfigurationError} if no server has that name
   */
  sendResourceUpdated(uri: string, selection: ServerSelection = {}): void {
    const servers = selectServers(this.modules, ServerRegistry, selection, 'McpRegistry.sendResourceUpdated');
    for (const server of servers) server.sendResourceUpdated(uri);
  }

  async #register(
    by: string,
    options: RegistrationOptions & ServerSelection & { readonly input?: unknown },
    handler: Handler<never>,
    define: RegistrationRequest['define'],
  ): Promise<Registration> {
    if (typeof options.input === 'function') await loadClassValidation();
    const registrations: Registration[] = [];
    const remove = () => registrations.map((one) => one.remove()).some(Boolean);
    try {
      for (const server of selectServers(this.modules, ServerRegistry, options, by))
        registrations.push(await server.register({ by, options, handler, define }));
    } catch (error) {
      remove();
      throw error;
    }
    return { remove };
  }
}
