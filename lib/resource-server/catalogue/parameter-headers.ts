import type { Tool } from '@modelcontextprotocol/server';

/** An argument that clients send as a header, too (MCP specification 2026-07-28, Custom Headers from Tool Parameters). */
export interface ParameterHeader {
  /** Names of properties, from the arguments down. */
  readonly path: readonly string[];
  /** Without `Mcp-Param-`. */
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean';
}

const KEY = 'x-mcp-header';
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The arguments that a schema marks with `x-mcp-header`.
 *
 * @param fault - takes what is wrong with a mark: clients leave such a tool out
 */
export function findParameterHeaders(schema: Tool['inputSchema'], fault: (message: string) => void): ParameterHeader[] {
  const found: ParameterHeader[] = [];
  visit(schema, [], found, fault);
  const names = found.map(({ name }) => name.toLowerCase());
  const repeated = found.find(({ name }, index) => names.indexOf(name.toLowerCase()) !== index);
  if (repeated) fault(`has two arguments with \`${KEY}\` "${repeated.name}". Give each a name of its own`);
  return found;
}

/** @param path - of the property, where only `properties` lead to it */
function visit(
  node: unknown,
  path: readonly string[] | undefined,
  found: ParameterHeader[],
  fault: (message: string) => void,
): void {
  if (typeof node !== 'object' || node === null) return;
  const { properties, [KEY]: name, ...rest } = node as Record<string, unknown>;
  if (name !== undefined) {
    const { type } = rest;
    if (!path || path.length === 0)
      fault(`has \`${KEY}\` where no client looks for it. Put it on a property, outside of lists and alternatives`);
    else if (typeof name !== 'string' || !TOKEN.test(name))
      fault(`has the \`${KEY}\` ${JSON.stringify(name)}, which is no name of a header. Use letters, digits and "-"`);
    else if (type !== 'string' && type !== 'integer' && type !== 'boolean')
      fault(`has \`${KEY}\` "${name}" on what is no string, integer or boolean. Change its type, or remove it`);
    else found.push({ path, name, type });
  }
  for (const [key, child] of Object.entries(properties ?? {})) visit(child, path && [...path, key], found, fault);
  for (const child of Object.values(rest)) visit(child, undefined, found, fault);
}
