import { isJsonObject } from '../../json/json-object.js';
import type { OpenApiDocument } from './open-api-document.js';

/**
 * Lists where a document says that its API is (OpenAPI 3.1, Server Object), with variables as they are by default. A URL
 * may be relative: then only its path is known, unless the document itself came from a URL.
 */
export function listServerUrls(document: OpenApiDocument): readonly string[] {
  const { servers } = document.root.value;
  return (Array.isArray(servers) ? (servers as unknown[]) : []).flatMap((server) => {
    const url = readServerUrl(server);
    if (url === undefined) return [];
    const base = /^https?:/.test(document.file) ? document.file : undefined;
    return [base !== undefined && URL.canParse(url, base) ? new URL(url, base).href : url];
  });
}

/** The URL of a Server Object, with its variables as they are by default. `undefined` if there is none. */
export function readServerUrl(server: unknown): string | undefined {
  if (!isJsonObject(server) || typeof server.url !== 'string') return undefined;
  const variables = isJsonObject(server.variables) ? server.variables : {};
  return server.url.replace(/\{([^{}]+)\}/g, (placeholder, name: string) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return isJsonObject(variable) && typeof variable.default === 'string' ? variable.default : placeholder;
  });
}
