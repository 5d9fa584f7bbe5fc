import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Denial } from '../../resource-server/access/policy.js';

/** Key of the envelope in `_meta` (SEP-2643, Structured Authorization Denials). */
const ENVELOPE = 'io.modelcontextprotocol/authorization';

/**
 * A final denial (SEP-2643). It has no challenge, because another token would not help.
 *
 * @param reference - correlation id of the request
 */
export function toDenialResult({ message, remediation, hints }: Denial, reference: string): CallToolResult {
  return {
    isError: true,
    content: [{ type: 'text', text: `${message} Reference for support: ${reference}` }],
    _meta: {
      [ENVELOPE]: {
        reason: 'insufficient_authorization',
        remediation,
        ...(hints.length > 0 && { remediationHints: hints }),
      },
    },
  };
}
