import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import addFormats from 'ajv-formats';
import { OpenAPIBackend, type Document } from 'openapi-backend';
import { isJsonObject, type JsonObject } from '../../lib/json/json-object.js';
import { OpenApiDocument } from '../../lib/openapi/documents/open-api-document.js';
import { describeInput, type OperationInput } from '../../lib/openapi/inputs/operation-input.js';
import { toToolSchema } from '../../lib/openapi/inputs/tool-schema.js';
import type { ApiOperation } from '../../lib/openapi/operations/api-operation.js';
import { listOperations } from '../../lib/openapi/operations/list-operations.js';
import { buildRequest, type OperationRequest } from '../../lib/openapi/requests/operation-request.js';
import { generateArguments } from './generated-arguments.js';

/** What the judge said about the requests of a document. */
export interface JudgedDocument {
  readonly document: string;
  /** Requests that are valid, and carry the arguments. */
  readonly right: number;
  /** Operations whose arguments could not be generated, or that the judge cannot read, by the reason. */
  readonly unjudged: Readonly<Record<string, number>>;
  /** What was wrong, by operation. */
  readonly wrong: readonly string[];
}

const SILENT = { error: () => undefined, warn: () => undefined, log: () => undefined };

/** Builds a request of each operation of a document, and lets `openapi-backend` judge it by the document. */
export async function judgeFile(directory: string, document: string): Promise<JudgedDocument> {
  return await judgeDocument(document, JSON.parse(await readFile(join(directory, document), 'utf8')) as JsonObject);
}

/** As {@link judgeFile}, for a document that was read. */
export async function judgeDocument(document: string, value: JsonObject): Promise<JudgedDocument> {
  const unjudged: Record<string, number> = {};
  const wrong: string[] = [];
  let right = 0;
  const skip = (reason: string, count = 1) => {
    unjudged[reason] = (unjudged[reason] ?? 0) + count;
  };
  const own = new OpenApiDocument(document, new Map([[document, value]]));
  const { operations } = listOperations(own);
  let judge: Judge;
  try {
    judge = await Judge.create(value, operations);
  } catch {
    skip('The judge cannot read the document', operations.length);
    return { document, right, unjudged, wrong };
  }
  for (const [index, operation] of operations.entries()) {
    const place = `${document} ${operation.method} ${operation.path}`;
    try {
      const input = describeInput(own, operation);
      const args = await generate(input, place);
      const unread = args && findUnread(operation, input, args);
      if (!args || unread !== undefined) {
        skip(unread ?? 'No arguments were generated that fit the schema');
        continue;
      }
      const request = buildRequest(operation, input, args);
      const faults = judge.judge(index, operation, input, args, request);
      if (faults === undefined) skip('The judge cannot compile the schema of the document');
      else if (faults.length === 0) right += 1;
      else if (faults.every((fault) => findExcuse(fault, input) !== undefined))
        skip(findExcuse(faults[0] ?? '', input) ?? '');
      else wrong.push(`${place}: ${faults.join('; ')} [${request.method} ${request.target.slice(0, 200)}]`);
    } catch (error) {
      wrong.push(`${place}: threw ${String(error)}`);
    }
  }
  return { document, right, unjudged, wrong };
}

/** What the judge does not read, though OpenAPI has it: by the operation and its arguments. */
function findUnread({ path }: ApiOperation, { bindings, body }: OperationInput, args: JsonObject): string | undefined {
  if (/[?#$*+()]/.test(path)) return 'The judge finds no path that has `?`, `#`, `$`, `*`, `+` or brackets';
  if (body && body.kind !== 'json') return 'The judge reads no body but JSON';
  for (const binding of bindings) {
    const value = args[binding.key];
    if (binding.to !== 'parameter' || value === undefined) continue;
    const { in: place, name, style, isExploded, mediaType } = binding.parameter;
    const isNested = typeof value === 'object' && value !== null;
    if (mediaType !== undefined && place !== 'query') return 'The judge reads no `content` but in the query';
    if (mediaType !== undefined) continue;
    if (style === 'matrix' || style === 'label') return 'The judge reads no style `matrix` or `label`';
    if (style === 'spaceDelimited' || style === 'pipeDelimited')
      return 'The judge parts such a list by what its members may have: `spaceDelimited`, `pipeDelimited`';
    if (place !== 'query' && isNested) return 'The judge reads no list and no object outside the query and the body';
    if (isNested && !Array.isArray(value) && style !== 'deepObject') return 'The judge reads no object of style `form`';
    if (style === 'deepObject') return 'The judge reads `deepObject` by `qs`, which has numbers for members of lists';
    if (place === 'query' && !isNested && !isExploded)
      return 'The judge takes every value with `explode: false` for a list';
    if (/[[\]]/.test(name)) return 'The judge takes a name with brackets apart';
    if (value === null) return 'The judge knows no `null` in a parameter';
  }
  return undefined;
}

/** What the judge says though the request is right, or the document says nothing about it. */
const EXCUSES: readonly (readonly [says: RegExp, reason: string])[] = [
  [/must be equal to one of the allowed values/, 'The values of `enum` are of another type than the document says'],
  [/must match exactly one schema in oneOf/, 'Several of `oneOf` take the value. The schema of the tool has `anyOf`'],
  [/must match format "(?:int32|int64|float|double)"/, 'The document gives a number the format of integers'],
  [
    /^\/requestBody\S* must NOT have (?:additional|unevaluated) properties/,
    'Each part of `allOf` forbids what the others have',
  ],
];

/** The first reason why a fault is none of the request. */
function findExcuse(fault: string, { body }: OperationInput): string | undefined {
  if (/^\/requestBody must have required property/.test(fault) && body?.isRequired === false)
    return 'The body may be left out, and arguments may be a part of it';
  return EXCUSES.find(([says]) => says.test(fault))?.[1];
}

async function generate(input: OperationInput, place: string): Promise<JsonObject | undefined> {
  const schema = toToolSchema(() => input.schema)['~standard'];
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const seed = createHash('sha256').update(`${place} ${attempt}`).digest().readInt32BE();
    const args = toHeaders(input, generateArguments(input.schema, seed));
    if (!(await schema.validate(args)).issues) return args;
  }
  return undefined;
}

/** Headers have no characters but those of ASCII. */
function toHeaders({ bindings }: OperationInput, args: JsonObject): JsonObject {
  const headers = bindings.flatMap((one) => (one.to === 'parameter' && one.parameter.in === 'header' ? [one.key] : []));
  const toAscii = (value: unknown) => (typeof value === 'string' ? value.replace(/[^\x21-\x7e]/g, 'x') : value);
  return Object.fromEntries(
    Object.entries(args).map(([key, value]) => [key, headers.includes(key) ? toAscii(value) : value]),
  );
}

/** The document as `openapi-backend` reads it. */
class Judge {
  private constructor(private readonly backend: OpenAPIBackend) {}

  static async create(document: JsonObject, operations: readonly ApiOperation[]): Promise<Judge> {
    const copy = structuredClone(document) as { paths: Record<string, Record<string, JsonObject>>; servers?: unknown };
    delete copy.servers;
    for (const [index, { method, path }] of operations.entries()) {
      const operation = copy.paths[path]?.[method.toLowerCase()];
      if (operation) Object.assign(operation, { operationId: `operation${index}`, responses: {} });
    }
    const backend = new OpenAPIBackend({
      definition: copy as unknown as Document,
      quick: true,
      ajvOpts: { strict: false, logger: false, validateFormats: true, allErrors: false },
      customizeAjv: (ajv) => addFormats.default(ajv),
    });
    Object.assign(backend, { logger: SILENT });
    await backend.init();
    return new Judge(backend);
  }

  /** @returns what is wrong; `undefined` if the judge gives up */
  judge(
    index: number,
    { path }: ApiOperation,
    input: OperationInput,
    args: JsonObject,
    { method, target, headers, cookies, body }: OperationRequest,
  ): readonly string[] | undefined {
    const { router, validator } = this.backend;
    const operation = router.getOperation(`operation${index}`);
    if (!operation) return [`unknown to the judge: ${path}`];
    const [pathname = '', query] = target.split('?', 2);
    const request = {
      method,
      path: pathname,
      ...(query !== undefined && { query }),
      headers: { ...headers, ...(cookies !== undefined && { cookie: cookies }) },
      ...(body !== undefined && { body: String(body) }),
    };
    let errors: readonly { instancePath: string; message?: string }[];
    try {
      errors = validator.validateRequest(request, operation).errors ?? [];
    } catch {
      return undefined;
    }
    if (errors.length > 0) return errors.slice(0, 2).map((one) => `${one.instancePath} ${one.message ?? ''}`);
    const read = router.parseRequest(request, operation);
    const sent: unknown = body === undefined ? undefined : JSON.parse(String(body));
    const places: Record<string, JsonObject> = {
      path: read.params,
      query: read.query as JsonObject,
      header: read.headers,
      cookie: read.cookies as JsonObject,
    };
    const restored = input.restore(args);
    const properties: [string, unknown][] = [];
    const faults: string[] = [];
    for (const binding of input.bindings) {
      const meant = restored[binding.key];
      if (meant === undefined) continue;
      if (binding.to === 'property') properties.push([binding.property, meant]);
      else if (binding.to === 'body' && !isDeepStrictEqual(toPlain(sent), toPlain(meant))) faults.push('another body');
      else if (binding.to === 'parameter') {
        const { in: place, name, mediaType } = binding.parameter;
        const found = places[place]?.[place === 'header' ? name.toLowerCase() : name];
        const wanted: unknown = mediaType === undefined ? meant : toPlain(meant);
        if (!isCarried(found, wanted))
          faults.push(`${place} ${name}: ${JSON.stringify(found)} for ${JSON.stringify(wanted)}`);
      }
    }
    if (properties.length > 0 && !isDeepStrictEqual(toPlain(sent), toPlain(Object.fromEntries(properties))))
      faults.push('another body');
    return faults;
  }
}

function toPlain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null)) as unknown;
}

/** Whether what was read is what was meant: everything is text in a URL, and a list of one is its member. */
function isCarried(found: unknown, meant: unknown): boolean {
  return isDeepStrictEqual(toTexts(found), toTexts(meant));
}

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
