import 'reflect-metadata';
import type { ScopeRule } from '../access/scope-rule.js';
import type { AccessOptions } from './access-options.js';

/** Access options for all methods of a class. Options of a method take precedence. */
export interface McpDefaultsOptions extends Omit<AccessOptions, 'scopes'> {
  /**
   * Scopes that the caller needs: all of a list, or `{ allOf, anyOf }`. A method with its own `scopes` needs only
   * those.
   */
  scopes?: ScopeRule;
}

export const MCP_DEFAULTS = 'nestjs-mcp-auth:defaults';

/**
 * Sets access options for all tools, resources, resource templates and prompts of a class. An option of the method
 * replaces that of the class, and an option of the class replaces that of the module. Options are not merged:
 * `scopes: []` on a method requires none. A method with {@link Anonymous} inherits no requirement on callers. A
 * subclass inherits each default that it does not set itself.
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
