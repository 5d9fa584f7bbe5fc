import type { UriTemplate } from '@modelcontextprotocol/server';
import type { Found } from './found.js';

/** Characters; longer URIs name nothing here. */
const MAX_URI = 8_192;

/** Values of a template's variables, as they were before they were put into the URI (RFC 6570 section 1.2). */
export function matchVariables(uri: string, template: UriTemplate): Found['variables'] | undefined {
  if (uri.length > MAX_URI) return undefined;
  const variables = template.match(uri);
  if (!variables) return undefined;
  try {
    return Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [
        name,
        typeof value === 'string' ? decodeURIComponent(value) : value.map((one) => decodeURIComponent(one)),
      ]),
    );
  } catch {
    return undefined;
  }
}
