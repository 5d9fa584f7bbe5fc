import { locate, type OpenApiDocument } from '../documents/open-api-document.js';
import { readServerUrl } from '../documents/server-urls.js';
import type { ApiOperation } from '../operations/api-operation.js';

/**
 * Finds the path that stands between the base URL of the downstream and the path of an operation: that of a relative
 * server of the document (OpenAPI 3.1, Server Object), unless the base URL ends with it. An absolute server decides
 * nothing: the base URL is that of the downstream.
 *
 * @returns a path that begins with a slash and does not end with one, or an empty text
 */
export function findServerPath(document: OpenApiDocument, operation: ApiOperation, baseUrl: URL): string {
  const levels = [operation.source, locate(document.root, 'paths', operation.path), document.root];
  const servers = levels.flatMap((level) => {
    const { value } = locate(level, 'servers');
    return Array.isArray(value) ? (value as unknown[]) : [];
  });
  const path = readRelativePath(servers[0], document.file);
  return dropSlash(baseUrl.pathname).endsWith(path) ? '' : path;
}

/** The path of a server, with its variables as they are by default, if it is relative. */
function readRelativePath(server: unknown, file: string): string {
  const url = readServerUrl(server);
  if (url === undefined || /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(url)) return '';
  const base = /^https?:/i.test(file) ? file : 'https://api.invalid/';
  return URL.canParse(url, base) ? dropSlash(new URL(url, base).pathname) : '';
}

function dropSlash(path: string): string {
  return path.replace(/\/+$/, '');
}
