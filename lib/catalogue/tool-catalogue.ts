import { Inject, Injectable, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { MCP_TOOL, type McpToolOptions } from '../decorators/mcp-tool.decorator.js';
import { McpAuthConfigurationError } from '../options/configuration-error.js';
import { ResolvedOptions } from '../options/mcp-auth-options.js';
import type { Operation } from './operation.js';
import { defineTool, placeOf, type ToolDefinition, type ToolHost } from './tool-definition.js';

/** Every tool of the application, found once at boot: what is offered, and what it needs. */
@Injectable()
export class ToolCatalogue {
  #tools: ReadonlyMap<string, ToolDefinition> = new Map();
  #initialScopes: readonly string[] = [];

  constructor(
    @Inject(ResolvedOptions) private readonly options: ResolvedOptions,
    @Inject(DiscoveryService) private readonly discovery: DiscoveryService,
    @Inject(MetadataScanner) private readonly scanner: MetadataScanner,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  /** The tools, in the order of their names. */
  get tools(): Iterable<ToolDefinition> {
    return this.#tools.values();
  }

  /** The scopes that a client should start with. */
  get initialScopes(): readonly string[] {
    return this.#initialScopes;
  }

  find(name: string): ToolDefinition | undefined {
    return this.#tools.get(name);
  }

  /** All scopes that operations need together. */
  scopesOf(operations: readonly Operation[]): readonly string[] {
    const scopes = operations.flatMap(({ name }) => (name === undefined ? [] : (this.find(name)?.scopes ?? [])));
    return [...new Set(scopes)];
  }

  /**
   * Finds the decorated methods of all providers and controllers.
   *
   * @throws {@link McpAuthConfigurationError} naming every declaration at fault
   */
  discover(): void {
    const problems: string[] = [];
    const tools = new Map<string, ToolDefinition>();
    for (const { host, options } of this.#decorated()) {
      const tool = defineTool(options, host, problems);
      const twin = tools.get(tool.name);
      if (twin) {
        const twice = twin.host.type === host.type;
        const fix = twice ? 'Provide the class in one module alone, and export it from there' : 'Rename one';
        problems.push(`Two tools are named "${tool.name}": ${placeOf(twin.host)} and ${placeOf(host)}. ${fix}.`);
      }
      tools.set(tool.name, tool);
      problems.push(...this.#problemsOf(tool));
    }
    if (problems.length > 0) throw new McpAuthConfigurationError(problems);
    this.#tools = new Map([...tools].sort(([a], [b]) => (a < b ? -1 : 1)));
    this.#initialScopes = this.options.initialScopes ?? startingScopes([...this.tools]);
  }

  *#decorated(): Iterable<{ host: ToolHost; options: McpToolOptions }> {
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const instance = wrapper.instance as object | null | undefined;
      if (wrapper.isAlias || typeof instance !== 'object' || instance === null) continue;
      const prototype = Object.getPrototypeOf(instance) as Record<string, unknown> | null;
      if (!prototype) continue;
      for (const method of this.scanner.getAllMethodNames(prototype)) {
        const options = this.reflector.get<McpToolOptions | undefined>(MCP_TOOL, prototype[method] as () => unknown);
        if (options) yield { host: { wrapper, type: prototype.constructor as Type, method }, options };
      }
    }
  }

  #problemsOf({ scopes, downstreams, host }: ToolDefinition): string[] {
    const problems = downstreams
      .filter((name) => !this.options.downstreams.has(name))
      .map(
        (name) =>
          `\`downstream\` of @McpTool on ${placeOf(host)} is "${name}", which \`downstreams\` does not have. Add it there, or use one of: ${[...this.options.downstreams.keys()].join(', ') || '(none)'}.`,
      );
    if (this.options.anonymous && scopes.length > 0) {
      problems.push(
        `\`scopes\` of @McpTool on ${placeOf(host)} can never be met: \`anonymous\` is true, so nobody has any. Remove one of the two.`,
      );
    }
    return problems;
  }
}

function startingScopes(tools: readonly ToolDefinition[]): readonly string[] {
  const readOnly = tools.filter((tool) => tool.readOnly);
  const scopes = new Set((readOnly.length > 0 ? readOnly : tools).flatMap((tool) => tool.scopes));
  scopes.delete('offline_access');
  return [...scopes].sort();
}
