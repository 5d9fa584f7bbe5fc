import type { Tool } from '@modelcontextprotocol/server';

/** An argument also sent as a header (MCP specification 2026-07-28, Custom Headers from Tool Parameters). */
export interface ParameterHeader {
  /** Property names from the root of the arguments. */
  readonly path: readonly string[];
  /** Name of the header without `Mcp-Param-`. */
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean';
}

const KEY = 'x-mcp-header';
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * The arguments that a schema marks with `x-mcp-header`.
 *
 * @param fault - receives invalid marks. Clients ignore a tool with an invalid mark
 */
export function findParameterHeaders(schema: Tool['inputSchema'], fault: (message: string) => void): ParameterHeader[] {
  const found: ParameterHeader[] = [];
  visit(schema, [], found, fault);
  const names = found.map(({ name }) => name.toLowerCase());
  const repeated = found.find(({ name }, index) => names.indexOf(name.toLowerCase()) !== index);
  if (repeated) fault(`has two arguments with \`${KEY}\` "${repeated.name}". Give each a name of its own`);
  return found;
}

/** @param path - path of the property. `undefined` if it is not reachable through `properties` alone */
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
      fault(
        `has \`${KEY}\` in a place where clients ignore it. Put it on a property, outside of lists and alternatives`,
      );
    else if (typeof name !== 'string' || !TOKEN.test(name))
      fault(`has the \`${KEY}\` ${JSON.stringify(name)}, which is not a header name. Use letters, digits and "-"`);
    else if (type !== 'string' && type !== 'integer' && type !== 'boolean')
      fault(
        `has \`${KEY}\` "${name}" on a value that is not a string, an integer or a boolean. Change its type, or remove it`,
      );
    else found.push({ path, name, type });
  }
  for (const [key, child] of Object.entries(properties ?? {})) visit(child, path && [...path, key], found, fault);
  for (const child of Object.values(rest)) visit(child, undefined, found, fault);
}
