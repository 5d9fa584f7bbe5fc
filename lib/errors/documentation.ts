import type { McpAuthErrorCode } from './error-codes.js';

/** Where the documents of this package are published. */
const SITE = 'https://nestjs-mcp-auth.github.io/nestjs-mcp-auth';

/**
 * Address of a part of the documents.
 *
 * @param page - path of the page within `docs`, without `.md`
 * @param anchor - of its heading
 */
export function linkToDocument(page: string, anchor: string): string {
  return `${SITE}/${page}#${anchor}`;
}

/** Address of what the documents say of an error: when it comes, and what to do. */
export function linkToError(code: McpAuthErrorCode): string {
  return linkToDocument('reference/errors', code);
}
