import { linkToError } from './documentation.js';
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
    const listed = problems.map((problem) => `  - ${problem}\n`).join('');
    super(`McpAuthModule cannot start:\n${listed}See ${linkToError('invalid_configuration')}`);
  }
}
