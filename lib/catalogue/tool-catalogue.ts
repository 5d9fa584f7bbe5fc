import { Inject, Injectable, type Type } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { namedScopes } from '../authorization/access-rule.js';
import type { Policy } from '../authorization/policy.js';
import { ANONYMOUS } from '../decorators/anonymous.decorator.js';
import { MCP_TOOL, type McpToolOptions } from '../decorators/mcp-tool.decorator.js';
import { POLICIES } from '../decorators/use-policy.decorator.js';
import { McpAuthConfigurationError } from '../options/configuration-error.js';
import { ResolvedOptions } from '../options/resolved-options.js';
import { problemsOfOptions, problemsOfTool } from './catalogue-problems.js';
import { defineTool, placeOf, type ToolDefinition, type ToolHost } from './tool-definition.js';

/** Every tool of the application, found once at boot: what is offered, and what it needs. */
@Injectable()
export class ToolCatalogue {
  #tools: ReadonlyMap<string, ToolDefinition> = new Map();
  #initialScopes: readonly string[] = [];
  #hasAnonymous = false;

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

  /** Whether there is anything to call without a token. */
  get hasAnonymous(): boolean {
    return this.#hasAnonymous;
  }

  /**
   * Finds the decorated methods of all providers and controllers.
   *
   * @throws {@link McpAuthConfigurationError} naming every declaration at fault
   */
  discover(): void {
    const problems: string[] = [];
    const tools = new Map<string, ToolDefinition>();
    for (const { host, options } of this.#decorated(problems)) {
      const tool = defineTool(options, host, this.#surroundingsOf(host), problems);
      const twin = tools.get(tool.name);
      if (twin) {
        const twice = twin.host.type === host.type;
        const fix = twice ? 'Provide the class in one module alone, and export it from there' : 'Rename one';
        problems.push(`Two tools are named "${tool.name}": ${placeOf(twin.host)} and ${placeOf(host)}. ${fix}.`);
      }
      tools.set(tool.name, tool);
      problems.push(...problemsOfTool(tool, this.options));
    }
    problems.push(...problemsOfOptions([...tools.values()], this.options));
    if (problems.length > 0) throw new McpAuthConfigurationError(problems);
    this.#tools = new Map([...tools].sort(([a], [b]) => (a < b ? -1 : 1)));
    this.#initialScopes = this.options.initialScopes ?? startingScopes([...this.tools]);
    this.#hasAnonymous = [...this.tools].some(({ access }) => access.anonymous);
  }

  /** @param problems - takes what is decorated in vain */
  *#decorated(problems: string[]): Iterable<{ host: ToolHost; options: McpToolOptions }> {
    for (const wrapper of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const instance = wrapper.instance as object | null | undefined;
      if (wrapper.isAlias || typeof instance !== 'object' || instance === null) continue;
      const prototype = Object.getPrototypeOf(instance) as Record<string, unknown> | null;
      if (!prototype) continue;
      const type = prototype.constructor as Type;
      let hasTools = false;
      for (const method of this.scanner.getAllMethodNames(prototype)) {
        const handler = prototype[method] as () => unknown;
        const options = this.reflector.get<McpToolOptions | undefined>(MCP_TOOL, handler);
        if (options) yield { host: { wrapper, type, method }, options };
        else problems.push(...this.#decoratedInVain(handler, `${type.name}.${method}`));
        hasTools ||= options !== undefined;
      }
      if (!hasTools) problems.push(...this.#decoratedInVain(type, type.name));
    }
  }

  #decoratedInVain(target: Type | (() => unknown), place: string): string[] {
    return [
      ['@Anonymous', ANONYMOUS],
      ['@UsePolicy', POLICIES],
    ].flatMap(([decorator, key]) =>
      this.reflector.get<unknown>(key, target) === undefined
        ? []
        : [
            `${String(decorator)} on ${place} protects nothing, because there is no @McpTool. Add it, or remove ${String(decorator)}.`,
          ],
    );
  }

  #surroundingsOf({ type, method }: ToolHost) {
    const handler = (type.prototype as Record<string, () => unknown>)[method] as () => unknown;
    const policies = [type, handler].flatMap(
      (target) => this.reflector.get<Type<Policy>[] | undefined>(POLICIES, target) ?? [],
    );
    return {
      anonymous: this.reflector.getAllAndOverride<boolean | undefined>(ANONYMOUS, [handler, type]) ?? false,
      policies: [...this.options.policies, ...policies],
      appOnly: this.options.appOnly,
    };
  }
}

function startingScopes(tools: readonly ToolDefinition[]): readonly string[] {
  const readOnly = tools.filter((tool) => tool.readOnly);
  const scopes = new Set((readOnly.length > 0 ? readOnly : tools).flatMap(({ access }) => namedScopes(access)));
  return [...scopes].sort();
}
