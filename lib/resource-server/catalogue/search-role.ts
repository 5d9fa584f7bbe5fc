import 'reflect-metadata';

/**
 * What a tool is to the search of operations. `'found'`: it is found, and lists do not show it. `'found and listed'`:
 * lists show it, too. `'finder'`: it finds operations, and clients need no scopes to start with it. `'stand-in'`: a call
 * of it is a call of the tool that its argument `name` names, which has to be one that is found.
 */
export type SearchRole = 'found' | 'found and listed' | 'finder' | 'stand-in';

export const SEARCH_ROLE = 'nestjs-mcp-auth:search-role';

/** Gives the method of a tool a part in the search of operations. */
export function setSearchRole(handler: object, role: SearchRole): void {
  Reflect.defineMetadata(SEARCH_ROLE, role, handler);
}

/** The part that the method of a tool has in the search of operations. */
export function readSearchRole(handler: object): SearchRole | undefined {
  return Reflect.getMetadata(SEARCH_ROLE, handler) as SearchRole | undefined;
}

/** Whether the search of operations finds a tool. */
export function isFound(tool: { readonly search: SearchRole | undefined } | undefined): boolean {
  return tool?.search === 'found' || tool?.search === 'found and listed';
}
