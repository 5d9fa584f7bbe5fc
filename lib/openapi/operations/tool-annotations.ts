import type { ToolAnnotations } from '@modelcontextprotocol/server';
import type { ApiOperation } from './api-operation.js';

/** Methods that only read (RFC 9110 section 9.2.1; QUERY: OpenAPI 3.2). */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY']);

/** Methods whose repetition changes nothing more (RFC 9110 section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set([...SAFE, 'PUT', 'DELETE']);

/**
 * Describes the effects of an operation by its method. What that leaves open counts as the worse. The document may say
 * more, but not that a method which is there to change something reads, or that `DELETE` destroys nothing.
 */
export function describeEffects({ method, extension }: ApiOperation): ToolAnnotations {
  const { annotations } = extension;
  const untrue = listUntrue(method, annotations);
  const said: ToolAnnotations = Object.fromEntries(
    Object.entries(annotations).filter(([hint]) => !untrue.includes(hint)),
  );
  const readOnlyHint = said.readOnlyHint ?? SAFE.has(method);
  return {
    readOnlyHint,
    destructiveHint: !readOnlyHint,
    idempotentHint: IDEMPOTENT.has(method),
    openWorldHint: true,
    ...said,
  };
}

/** What the document says of the tool of an operation, and is not taken. */
export function listWarnings({ method, path, extension }: ApiOperation): readonly string[] {
  const untrue = listUntrue(method, extension.annotations);
  return [
    ...extension.warnings,
    ...untrue.map(
      (hint) => `\`${hint}\` of \`x-mcp\` of ${method} ${path} is not taken: the method says the contrary.`,
    ),
  ];
}

function listUntrue(method: string, { readOnlyHint, destructiveHint }: ToolAnnotations): readonly string[] {
  const untrue: string[] = [];
  if (readOnlyHint === true && ['PUT', 'PATCH', 'DELETE'].includes(method)) untrue.push('readOnlyHint');
  if (destructiveHint === false && method === 'DELETE') untrue.push('destructiveHint');
  return untrue;
}
