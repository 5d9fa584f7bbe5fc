import { isJsonObject } from '../../json/json-object.js';
import type { OpenApiDocument } from '../documents/open-api-document.js';
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
  const { servers, paths } = document.root.value;
  const item = isJsonObject(paths) ? paths[operation.path] : undefined;
  const own = [operation.source.value.servers, isJsonObject(item) ? item.servers : undefined, servers];
  const path = readRelativePath(
    own.find((list) => Array.isArray(list) && list.length > 0),
    document.file,
  );
  return dropSlash(baseUrl.pathname).endsWith(path) ? '' : path;
}

/** The path of the first server, with its variables as they are by default, if it is relative. */
function readRelativePath(servers: unknown, file: string): string {
  const [server] = Array.isArray(servers) ? (servers as unknown[]) : [];
  const url = readServerUrl(server);
  if (url === undefined || /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(url)) return '';
  const base = /^https?:/i.test(file) ? file : 'https://api.invalid/';
  return URL.canParse(url, base) ? dropSlash(new URL(url, base).pathname) : '';
}

function dropSlash(path: string): string {
  return path.replace(/\/+$/, '');
}
