import type { ToolAnnotations } from '@modelcontextprotocol/server';
import type { OperationIdentity } from './api-operation.js';

/** Methods that only read (RFC 9110 section 9.2.1; QUERY: OpenAPI 3.2). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY']);

/** Methods whose repetition changes nothing more (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set([...SAFE, 'PUT', 'DELETE']);

/** What the method of an operation says of its effects. What it leaves open counts as the worse. */
export function describeEffects({ method }: OperationIdentity): ToolAnnotations {
  const readOnlyHint = SAFE.has(method);
  return { readOnlyHint, destructiveHint: !readOnlyHint, idempotentHint: IDEMPOTENT.has(method), openWorldHint: true };
}
