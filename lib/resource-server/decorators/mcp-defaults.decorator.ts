import 'reflect-metadata';
import type { ScopeRule } from '../access/scope-rule.js';
import type { AccessOptions } from './access-options.js';

/** What the methods of a class need from callers, and may reach, where they do not say otherwise. */
export interface McpDefaultsOptions extends Omit<AccessOptions, 'scopes'> {
  /** Scopes that the caller needs: all of a list, or `{ allOf, anyOf }`. A method with `scopes` has those alone. */
  scopes?: ScopeRule;
}

export const MCP_DEFAULTS = 'nestjs-mcp-auth:defaults';

/**
 * Says for all tools, resources, resource templates and prompts of a class what else each would say for itself. An option
 * of the method takes the place of that of the class, and that of the class the place of the module's; nothing is added
 * up: `scopes: []` of a method asks for none. A method with {@link Anonymous} takes over nothing that callers would need
 * to have. A class that extends another takes over its defaults, one by one, where it has none of its own.
 *
 * @param options - those of {@link AccessOptions}, without functions of arguments
 */
export function McpDefaults(options: McpDefaultsOptions): ClassDecorator {
  return (target) => {
    const inherited = (Reflect.getMetadata(MCP_DEFAULTS, target) ?? {}) as McpDefaultsOptions;
    const own = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    Reflect.defineMetadata(MCP_DEFAULTS, { ...inherited, ...own }, target);
  };
}
