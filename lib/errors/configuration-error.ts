import { McpAuthError } from './mcp-auth-error.js';

/** The module cannot start as configured. The message names each option at fault, what is wrong, and the fix. */
export class McpAuthConfigurationError extends McpAuthError {
  /** Stable name of this error. */
  readonly code = 'invalid_configuration';

  /** @param problems - one sentence or two each: the option, what is wrong with it, and the fix */
  constructor(
    /** One sentence or two each: the option, what is wrong with it, and the fix. */
    readonly problems: readonly string[],
  ) {
    super(`McpAuthModule cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}
