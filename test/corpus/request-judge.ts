import { isDeepStrictEqual } from 'node:util';
import addFormats, { type FormatName } from 'ajv-formats';
import type { ErrorObject } from 'ajv';
import { OpenAPIBackend, type Document } from 'openapi-backend';
import { isJsonObject, type JsonObject } from '../../lib/json/json-object.js';
import type { OperationInput } from '../../lib/openapi/inputs/operation-input.js';
import type { OperationRequest } from '../../lib/openapi/requests/operation-request.js';

/** Formats of JSON Schema. `openapi-backend` knows those of OpenAPI. All others say nothing to a validator. */
const FORMATS: FormatName[] = [
  ...(['date', 'date-time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'json-pointer', 'regex'] as const),
  ...(['relative-json-pointer', 'time', 'uri', 'uri-reference', 'uri-template', 'uuid'] as const),
];

/** What the judge says of a request. */
export interface Verdict {
  /** What the schemas of the document refuse. */
  readonly errors: readonly ErrorObject[];
  /** Values that did not arrive as they were meant. */
  readonly lost: readonly string[];
}

/** `openapi-backend`, with a document that has one operation. */
export class RequestJudge {
  private constructor(private readonly backend: OpenAPIBackend) {}

  /**
   * @param document - with the operation `judged`
   * @throws Error if the judge cannot compile its schemas
   */
  static async create(document: JsonObject): Promise<RequestJudge> {
    const backend = new OpenAPIBackend({
      definition: document as unknown as Document,
      quick: true,
      ignoreTrailingSlashes: false,
      ajvOpts: {
        ...{ strict: false, logger: false, verbose: true },
        // Each operation has validators of its own. These are what takes time.
        ...{ meta: false, validateSchema: false, inlineRefs: false, code: { optimize: false } },
      },
      customizeAjv: (ajv) => addFormats.default(ajv, FORMATS),
    });
    await backend.init();
    backend.validator.getRequestValidatorsForOperation('judged');
    return new RequestJudge(backend);
  }

  judge(input: OperationInput, args: JsonObject, sent: OperationRequest): Verdict {
    const { router, validator } = this.backend;
    const operation = router.getOperation('judged');
    if (!operation) throw new Error('The operation is unknown to the judge');
    const { method, target, headers, cookies, body } = sent;
    // Values with `allowReserved` may have a question mark. The judge takes out the first one.
    const [path = '', ...rest] = target.split('?');
    const query = rest.length > 0 ? `?${rest.join('?')}` : undefined;
    const request = {
      ...{ method, path },
      ...(query !== undefined && { query }),
      headers: { ...headers, ...(cookies !== undefined && { cookie: cookies }) },
      ...(body !== undefined && { body: String(body) }),
    };
    const errors = (validator.validateRequest(request, operation).errors ?? []) as readonly ErrorObject[];
    if (errors.length > 0) return { errors, lost: [] };
    const read = router.parseRequest(request, operation);
    const found: Record<string, JsonObject> = {
      path: read.params,
      query: read.query as JsonObject,
      header: read.headers,
      cookie: read.cookies as JsonObject,
    };
    return { errors, lost: listLost(input, args, found, body === undefined ? undefined : JSON.parse(String(body))) };
  }
}

function listLost(
  input: OperationInput,
  args: JsonObject,
  found: Readonly<Record<string, JsonObject>>,
  body: unknown,
): readonly string[] {
  const given = input.restore(args);
  const properties: [string, unknown][] = [];
  const lost: string[] = [];
  for (const binding of input.bindings) {
    const meant = given[binding.key];
    if (meant === undefined) continue;
    if (binding.to === 'property') properties.push([binding.property, meant]);
    else if (binding.to === 'body') {
      if (!isDeepStrictEqual(toPlain(body), toPlain(meant))) lost.push('another body');
    } else {
      const { in: place, name, mediaType } = binding.parameter;
      const value = found[place]?.[place === 'header' ? name.toLowerCase() : name];
      const wanted = mediaType === undefined ? meant : toPlain(meant);
      if (!isDeepStrictEqual(toTexts(value), toTexts(wanted)))
        lost.push(`${place} ${name}: ${JSON.stringify(value)} for ${JSON.stringify(wanted)}`);
    }
  }
  if (properties.length > 0 && !isDeepStrictEqual(toPlain(body), toPlain(Object.fromEntries(properties))))
    lost.push('another body');
  return lost;
}

function toPlain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null)) as unknown;
}

/** Everything is text in a URL, and a list of one is its member. */
function toTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => (isJsonObject(one) ? toTexts(one) : toText(one))).join(',');
  if (!isJsonObject(value)) return toText(value);
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, one]) => [key, toTexts(one)] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  );
}

function toText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
