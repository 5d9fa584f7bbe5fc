import type { OperationInput } from '../inputs/operation-input.js';
import type { ApiOperation, ApiParameter } from '../operations/api-operation.js';
import { encodeValue, writeHeader, writePath, writeQuery } from './parameter-styles.js';
import { writeBody, type WrittenBody } from './request-body.js';
import { RequestProblem } from './request-problem.js';

/** A request of an operation, relative to the base URL of its API. */
export interface OperationRequest {
  readonly method: string;
  /** Path and query, encoded. Begins with a slash. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: WrittenBody['content'] | undefined;
}

/**
 * Builds the request of an operation.
 *
 * @param args - arguments that the schema of the input allows
 * @throws {@link RequestProblem} if a value cannot be sent where it belongs
 */
export function buildRequest(
  { method, path }: Pick<ApiOperation, 'method' | 'path'>,
  { bindings, body, restore }: OperationInput,
  args: Readonly<Record<string, unknown>>,
): OperationRequest {
  const inPath = new Map<string, string>();
  const query: string[] = [];
  const headers: Record<string, string> = {};
  const cookies: string[] = [];
  const properties: Record<string, unknown> = {};
  let whole: unknown;
  const given = restore(args);
  for (const binding of bindings) {
    const value = given[binding.key];
    if (value === undefined) continue;
    if (binding.to === 'body') whole = value;
    else if (binding.to === 'property') defineProperty(properties, binding.property, value);
    else {
      const { parameter } = binding;
      const sent = parameter.mediaType === undefined ? value : JSON.stringify(value);
      if (parameter.in === 'path') inPath.set(parameter.name, writePath(parameter, sent));
      else if (parameter.in === 'query') query.push(...writeQuery(parameter, sent).map((pair) => pair.join('=')));
      else if (parameter.in === 'header')
        headers[parameter.name] = checkHeader(parameter, writeHeader(parameter, sent));
      else cookies.push(`${parameter.name}=${encodeValue(writeHeader(parameter, sent))}`);
    }
  }
  if (cookies.length > 0) headers.cookie = cookies.join('; ');
  const written = body && writeBody(body, whole, properties);
  if (written?.mediaType !== undefined) headers['content-type'] = written.mediaType;
  // Some documents tell operations of one path apart by a fragment, which is not sent, or by a query.
  const [route = '', ...fixed] = (path.split('#', 1)[0] ?? '').split('?');
  const all = [...fixed, ...query].join('&');
  const target = writeTarget(route, inPath) + (all === '' ? '' : `?${all}`);
  return { method, target, headers, body: written?.content };
}

/** Fills in the path. Refuses what a URL parser would read as another path (RFC 3986 section 5.2.4). */
function writeTarget(path: string, values: ReadonlyMap<string, string>): string {
  return path
    .split('/')
    .map((segment) => {
      const filled = segment.replace(/\{([^{}]+)\}/g, (_placeholder, name: string) => {
        const value = values.get(name);
        if (value === undefined || value === '') throw new RequestProblem(`${name}: has to have a value`);
        return value;
      });
      if (filled !== segment && /^(?:\.|%2e){1,2}$/i.test(filled))
        throw new RequestProblem('A value of "." or ".." would lead to another path, and cannot be sent');
      return filled;
    })
    .join('/');
}

/** What HTTP carries in a header (RFC 9110 section 5.5). */
function checkHeader({ name }: ApiParameter, value: string): string {
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
    throw new RequestProblem(`${name}: has characters that no header can have`);
  return value;
}

/** A property may be called `__proto__`. */
function defineProperty(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
}
