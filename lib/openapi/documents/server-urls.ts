import { isJsonObject } from '../../json/json-object.js';
import type { OpenApiDocument } from './open-api-document.js';

/**
 * Lists where a document says that its API is (OpenAPI 3.1, Server Object), with variables as they are by default. A URL
 * may be relative: then only its path is known, unless the document itself came from a URL.
 */
export function listServerUrls(document: OpenApiDocument): readonly string[] {
  const { servers } = document.root.value;
  return (Array.isArray(servers) ? servers : []).flatMap((server: unknown) => {
    if (!isJsonObject(server) || typeof server.url !== 'string') return [];
    const { variables } = server;
    const url = server.url.replace(/\{([^{}]+)\}/g, (placeholder, name: string) => {
      const variable = isJsonObject(variables) && Object.hasOwn(variables, name) ? variables[name] : undefined;
      return isJsonObject(variable) && typeof variable.default === 'string' ? variable.default : placeholder;
    });
    const base = /^https?:/.test(document.file) ? document.file : undefined;
    return [base !== undefined && URL.canParse(url, base) ? new URL(url, base).href : url];
  });
}
