import { isJsonObject } from '../../json/json-object.js';
import {
  isMethodOverride,
  isSteeringHeader as steersProxies,
  normalizeHeaderName,
} from '../../on-behalf-of/options/steering-headers.js';
import { DocumentProblem } from '../documents/document-problem.js';
import { locate, type OpenApiDocument } from '../documents/open-api-document.js';
import type { ApiParameter } from '../operations/api-operation.js';

/** Headers that the server sets itself: they say who calls, where to, and in which form. */
const OWN: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'cookie2',
  'dpop',
  'expect',
  'host',
  'keep-alive',
  'origin',
  'proxy-authorization',
  'proxy-connection',
  'referer',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'user-agent',
]);

/**
 * Whether a parameter is a header that steers, so that it cannot be an argument (OpenAPI 3.1, Parameter Object, `name`).
 * A header that overrides the method is one: its value is checked when the request is built.
 *
 * @param allowed - headers by which tools may steer proxies: `http.letToolsSteerProxies` of the downstream
 */
export function isSteeringHeader(
  { in: place, name }: Pick<ApiParameter, 'in' | 'name'>,
  allowed: ReadonlySet<string> = new Set(),
): boolean {
  if (place !== 'header') return false;
  const normalized = normalizeHeaderName(name);
  if (OWN.has(normalized)) return true;
  return steersProxies(normalized) && !isMethodOverride(normalized) && !allowed.has(normalized);
}

/** Whether a header is one that the server sets itself, whatever a tool may send. */
export function isSetByServer(name: string): boolean {
  return OWN.has(normalizeHeaderName(name));
}

/** Whether a parameter is the key of a security scheme (OpenAPI 3.1, Security Scheme Object, `apiKey`). */
export function isSecret(document: OpenApiDocument, { in: place, name }: Pick<ApiParameter, 'in' | 'name'>): boolean {
  const { components } = document.root.value;
  const schemes =
    isJsonObject(components) && isJsonObject(components.securitySchemes) ? components.securitySchemes : {};
  return Object.keys(schemes).some((key) => {
    const scheme = findScheme(document, key);
    if (!isJsonObject(scheme) || scheme.type !== 'apiKey' || scheme.in !== place) return false;
    const given = String(scheme.name);
    return place === 'header' ? normalizeHeaderName(given) === normalizeHeaderName(name) : given === name;
  });
}

/** A scheme that refers to what is not there names no parameter. */
function findScheme(document: OpenApiDocument, key: string): unknown {
  try {
    return document.follow(locate(document.root, 'components', 'securitySchemes', key)).value;
  } catch (error) {
    if (error instanceof DocumentProblem) return undefined;
    throw error;
  }
}
