import { SetMetadata, type CustomDecorator } from '@nestjs/common';

export const ANONYMOUS = 'nestjs-mcp-auth:anonymous';

/**
 * Makes a tool, or all tools of a class, callable without a token. Other tools still need one. A token that is sent
 * anyway must be valid. Callers without a token see only the tools that are open to them.
 */
export function Anonymous(): CustomDecorator {
  return SetMetadata(ANONYMOUS, true);
}
