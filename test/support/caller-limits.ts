import type { McpAuthModuleOptions } from 'nestjs-mcp-auth';
import { CallerLimits } from '../../lib/limits/caller-limits.js';
import { resolveLimits } from '../../lib/limits/limit-options.js';

/** Limits as a server has them, whose events nobody hears. */
export function callerLimits(options: McpAuthModuleOptions['limits'] = {}): CallerLimits {
  return new CallerLimits({ limits: resolveLimits(options) }, { record: () => undefined });
}
