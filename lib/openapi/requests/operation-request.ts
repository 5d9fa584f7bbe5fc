import { METHODS } from 'node:http';
import { isMethodOverride } from '../../on-behalf-of/options/steering-headers.js';
import type { OperationInput } from '../inputs/operation-input.js';
import { readMediaKind } from '../inputs/media-choice.js';
import type { ApiOperation, ApiParameter } from '../operations/api-operation.js';
import { placeMembers } from './body-members.js';
import { writePairs, writeHeader, writePath, writeText } from './parameter-styles.js';
import { writeBody, type WrittenBody } from './request-body.js';
import { fillPath } from './request-path.js';
import { RequestProblem } from './request-problem.js';

/** A request of an operation, relative to the base URL of its API. */
export interface OperationRequest {
  readonly method: string;
  /** Path and query, encoded. Begins with a slash. */
  readonly target: string;
  /** Without cookies. */
  readonly headers: Readonly<Record<string, string>>;
  /** Value of the header `Cookie`. */
  readonly cookies: string | undefined;
  readonly body: WrittenBody['content'] | undefined;
}

/** Parameters, as far as they are written. */
interface WrittenParameters {
  readonly path: Map<string, string>;
  readonly query: string[];
  readonly headers: Record<string, string>;
  readonly cookies: string[];
}

/**
 * Builds the request of an operation.
 *
 * @param args - arguments that the schema of the input allows
 * @throws {@link RequestProblem} if a value cannot be sent where it belongs
 */
export function buildRequest(
  { method, path }: Pick<ApiOperation, 'method' | 'path'>,
  { bindings, filled, body, restore }: OperationInput,
  args: Readonly<Record<string, unknown>>,
): OperationRequest {
  const written: WrittenParameters = { path: new Map(), query: [], headers: {}, cookies: [] };
  const properties = new Map<string, unknown>();
  let whole: unknown;
  const given = restore(args);
  for (const binding of bindings) {
    const value = given[binding.key];
    if (value === undefined) continue;
    if (binding.to === 'body') whole = value;
    else if (binding.to === 'property') properties.set(binding.property, value);
    else {
      writeParameter(binding.parameter, value, written);
      checkMethodOverride(binding.parameter, written, method);
    }
  }
  const members: [path: readonly string[], value: unknown][] = [];
  for (const { key, target } of filled) {
    const value = given[key];
    if ('path' in target) members.push([target.path, value]);
    else if (value !== undefined) writeParameter(target.parameter, value, written);
  }
  const content =
    body && writeBody(body, placeMembers(properties.size > 0 ? Object.fromEntries(properties) : whole, members));
  // Some documents tell operations of one path apart by a fragment, which is not sent, or by a query.
  const [route = '', ...fixed] = dropFragment(path).split('?');
  const query = [...fixed, ...written.query].join('&');
  return {
    method,
    target: fillPath(route, written.path) + (query === '' ? '' : `?${query}`),
    headers: { ...written.headers, ...(content && { 'content-type': content.mediaType }) },
    cookies: written.cookies.length > 0 ? written.cookies.join('; ') : undefined,
    body: content?.content,
  };
}

/** What stands before the fragment. Where placeholders follow, `#` is no more than a character of the path. */
function dropFragment(path: string): string {
  return path.replace(/#[^{]*$/, '').replaceAll('#', '%23');
}

function writeParameter(parameter: ApiParameter, given: unknown, written: WrittenParameters): void {
  // Only the path demands a value. Elsewhere `null` says that there is none.
  if (given === null && parameter.mediaType === undefined && parameter.in !== 'path') return;
  const value = parameter.mediaType === undefined ? given : writeContent(parameter.mediaType, given);
  switch (parameter.in) {
    case 'path':
      written.path.set(parameter.name, writePath(parameter, value));
      break;
    case 'query':
      written.query.push(...writePairs(parameter, value).map((pair) => pair.join('=')));
      break;
    case 'header':
      written.headers[parameter.name] = checkHeader(parameter, writeHeader(parameter, value));
      break;
    case 'cookie':
      written.cookies.push(...writePairs(parameter, value).map((pair) => pair.join('=')));
      break;
  }
}

/** The value of a parameter that has `content` (OpenAPI 3.1, Parameter Object). JSON is plain ASCII, for headers. */
function writeContent(mediaType: string, value: unknown): string {
  if (readMediaKind(mediaType) !== 'json') return writeText(value);
  return JSON.stringify(value).replace(
    /[\x7f-\uffff]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** What HTTP carries in a header as it is (RFC 9110 section 5.5). */
function checkHeader({ name }: ApiParameter, value: string): string {
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
    throw new RequestProblem(`${name}: has characters that no header can have`);
  if (value.trim() !== value) throw new RequestProblem(`${name}: a header cannot begin or end with a space`);
  return value;
}

/** The scopes of a tool are those of its own method. A header may name no other method that writes. */
function checkMethodOverride({ in: place, name }: ApiParameter, { headers }: WrittenParameters, method: string): void {
  if (place !== 'header' || !isMethodOverride(name)) return;
  const named = (headers[name] ?? '').toUpperCase().split(/[\s,]+/);
  if (named.some((one) => one !== method && METHODS.includes(one) && !READING.has(one)))
    throw new RequestProblem(`${name}: can name ${method}, or a method that only reads`);
}

/** Methods that change nothing (RFC 9110 section 9.2.1). */
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'QUERY']);
