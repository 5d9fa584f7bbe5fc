import { SetMetadata, type CustomDecorator } from '@nestjs/common';

export const ANONYMOUS = 'nestjs-mcp-auth:anonymous';

/**
 * Lets everyone call a tool, or all tools of a class, without a token, beside others that need one. A token that is sent
 * all the same has to be good. Callers without a token see the tools that are open to them, and no others.
 */
export function Anonymous(): CustomDecorator {
  return SetMetadata(ANONYMOUS, true);
}
