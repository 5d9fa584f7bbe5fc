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

/** Is called as a decorated method is. */
type Handler<Input> = (input: Input, context: McpContext) => unknown;

/**
 * Registers tools, resources, resource templates and prompts while the application runs. Clients are told that their lists
 * have changed, here and, with `replicas.bus`, in all replicas. What is registered is behind the same rules as what has
 * decorators: scopes, policies, downstreams, and the application's global guards, pipes, interceptors and filters. It is
 * registered in this process alone: each replica does so for itself.
 */
@Injectable()
export class McpRegistry {
  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Registers a tool (MCP specification, section "Tools"), in all servers or in none.
   *
   * @param options - as for {@link McpTool}; with `name`, and `server` for the servers that are meant alone
   * @param handler - is called as a method with {@link McpTool} is: with its input, and the context of the call
   * @returns takes it away again
   * @throws {@link McpAuthConfigurationError} if the options are at fault, or there is a tool of that name
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
   * @param options - as for {@link McpResource}; with `name`, and `server` for the servers that are meant alone
   * @param handler - is called as a method with {@link McpResource} is: with its input, and the context of the call
   * @returns takes it away again
   * @throws {@link McpAuthConfigurationError} if the options are at fault, or there is a resource of that URI
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
   * @param options - as for {@link McpResourceTemplate}; with `name`, and `server` for the servers that are meant alone
   * @param handler - is called as a method with {@link McpResourceTemplate} is: with its input, and the context of the call
   * @returns takes it away again
   * @throws {@link McpAuthConfigurationError} if the options are at fault, or there is such a template
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
   * @param options - as for {@link McpPrompt}; with `name`, and `server` for the servers that are meant alone
   * @param handler - is called as a method with {@link McpPrompt} is: with its input, and the context of the call
   * @returns takes it away again
   * @throws {@link McpAuthConfigurationError} if the options are at fault, or there is a prompt of that name
   */
  async registerPrompt<Input extends ArgumentsSchema>(
    options: McpPromptOptions<Input> & RegistrationOptions & { name: string },
    handler: Handler<ArgumentsOf<Input>>,
  ): Promise<Registration> {
    const define: RegistrationRequest['define'] = (...rest) => definePrompt(options as McpPromptOptions, ...rest);
    return await this.#register('registerPrompt', options, handler, define);
  }

  /**
   * Finds what has decorators in modules that came after the start, such as those of Nest's `LazyModuleLoader`, and tells
   * clients.
   *
   * @throws {@link McpAuthConfigurationError} naming every declaration at fault
   */
  async discover(): Promise<void> {
    for (const server of selectServers(this.modules, ServerRegistry, {}, 'McpRegistry.discover')) {
      await server.discoverLater();
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
