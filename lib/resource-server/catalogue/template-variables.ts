import type { UriTemplate } from '@modelcontextprotocol/server';
import type { Found } from './found.js';

/** Maximum length of a URI, in characters. Longer URIs match no template. */
const MAX_URI = 8_192;

/** Decoded values of a template's variables in a URI (RFC 6570 section 1.2). */
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
