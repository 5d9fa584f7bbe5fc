import type { CallToolResult } from '@modelcontextprotocol/server';
import type { Denial } from '../../resource-server/access/policy.js';

/** Key of the envelope in `_meta` (SEP-2643, Structured Authorization Denials). */
const ENVELOPE = 'io.modelcontextprotocol/authorization';

/**
 * The final denial of SEP-2643: no challenge, because another token would not mend it.
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
