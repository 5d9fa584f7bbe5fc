import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { JsonObject } from '../../lib/json/json-object.js';
import { OpenApiDocument } from '../../lib/openapi/documents/open-api-document.js';
import { describeInput, type OperationInput } from '../../lib/openapi/inputs/operation-input.js';
import { toToolSchema } from '../../lib/openapi/inputs/tool-schema.js';
import type { ApiOperation } from '../../lib/openapi/operations/api-operation.js';
import { listOperations } from '../../lib/openapi/operations/list-operations.js';
import { buildRequest } from '../../lib/openapi/requests/operation-request.js';
import { generateArguments } from './generated-arguments.js';
import { findExcuse } from './judge-excuses.js';
import { isolateOperation } from './lone-operation.js';
import { RequestJudge } from './request-judge.js';

/** What the judge said about the requests of a document. */
export interface JudgedDocument {
  readonly document: string;
  /** Requests that are valid, and carry the arguments. */
  readonly right: number;
  /** Operations that were not judged, or that the judge gets wrong, by the reason. */
  readonly unjudged: Readonly<Record<string, number>>;
  /** What was wrong, by operation. */
  readonly wrong: readonly string[];
}

/** Operations of a document that are looked at, so that many documents are. Always the same ones. */
export const MAX_OPERATIONS = 20;

/** Milliseconds for a document. */
const MAX_TIME = 10_000;

/** Builds a request of each operation of a document, and lets `openapi-backend` judge it by the document. */
export async function judgeFile(directory: string, document: string): Promise<JudgedDocument> {
  return await judgeDocument(document, JSON.parse(await readFile(join(directory, document), 'utf8')) as JsonObject);
}

/** As {@link judgeFile}, for a document that was read. */
export async function judgeDocument(document: string, value: JsonObject): Promise<JudgedDocument> {
  const unjudged: Record<string, number> = {};
  const wrong: string[] = [];
  let right = 0;
  const startedAt = performance.now();
  const own = new OpenApiDocument(document, new Map([[document, value]]));
  for (const operation of chooseSome(listOperations(own).operations)) {
    const place = `${document} ${operation.method} ${operation.path}`;
    let outcome: Outcome;
    if (performance.now() - startedAt > MAX_TIME) outcome = { unjudged: 'The time for a document was over' };
    else
      try {
        outcome = await judgeOperation(own, value, operation, place);
      } catch (error) {
        outcome = { wrong: `threw ${String(error)}` };
      }
    if (outcome === 'right') right += 1;
    else if ('wrong' in outcome) wrong.push(`${place}: ${outcome.wrong}`);
    else unjudged[outcome.unjudged] = (unjudged[outcome.unjudged] ?? 0) + 1;
  }
  return { document, right, unjudged, wrong };
}

type Outcome = 'right' | { readonly unjudged: string } | { readonly wrong: string };

async function judgeOperation(
  own: OpenApiDocument,
  document: JsonObject,
  operation: ApiOperation,
  place: string,
): Promise<Outcome> {
  if (/[?$*+()]/.test(operation.path.split('#', 1)[0] ?? ''))
    return { unjudged: 'The judge finds no path that has `?`, `$`, `*`, `+` or brackets' };
  if (/\{(?:\.|[^{}]*:)/.test(operation.path))
    return { unjudged: 'The judge knows no placeholder that begins with a dot or has a colon' };
  if (/\}[^/]+\{|\}\{/.test(operation.path))
    return { unjudged: 'The judge takes a segment of a path with several placeholders apart in another way' };
  const input = describeInput(own, operation);
  if (input.isReduced) return { unjudged: 'The schema of the tool says less than the document, because of its size' };
  let args: JsonObject | undefined;
  try {
    args = await generate(input, place);
  } catch (error) {
    if (!/^Error: .*not implemented yet/.test(String(error))) throw error;
    return { unjudged: '`fast-check` writes no text for such a pattern' };
  }
  if (!args) return { unjudged: 'No arguments were generated that fit the schema of the tool' };
  const unread = findUnread(input, args);
  if (unread !== undefined) return { unjudged: unread };
  const request = buildRequest(operation, input, args);
  const lone = isolateOperation(document, operation);
  if (!lone) return { unjudged: 'The operation refers to more than the judge can compile' };
  let judge: RequestJudge;
  try {
    judge = await RequestJudge.create(structuredClone(lone));
  } catch (error) {
    return { unjudged: `The judge cannot compile the schema: ${explain(error)}` };
  }
  const { errors, lost } = judge.judge(input, args, request);
  if (errors.length === 0 && lost.length === 0) return 'right';
  const excuse = errors.length > 0 ? findExcuse(errors, lone) : undefined;
  if (excuse !== undefined) return { unjudged: excuse };
  const told = [
    ...errors
      .slice(-2)
      .map((one) => `${one.instancePath} ${one.message ?? ''} ${JSON.stringify(one.data ?? null).slice(0, 100)}`),
    ...lost,
  ].join('; ');
  return { wrong: `${told} [${request.method} ${request.target.slice(0, 200)}]` };
}

/** Why Ajv does not compile a schema, without what differs from schema to schema. */
function explain(error: unknown): string {
  const said = String((error as Error).message);
  if (said.startsWith('Invalid regular expression')) return 'a pattern is none of JavaScript with the flag `u`';
  if (said.startsWith("can't resolve reference"))
    return 'it refers to what is not there, or has a name that needs an escape';
  return said.replaceAll('`', "'").slice(0, 80);
}

/** The same ones each time, from all parts of a document. */
function chooseSome(operations: readonly ApiOperation[]): readonly ApiOperation[] {
  const toOrder = ({ method, path }: ApiOperation) => createHash('sha256').update(`${method} ${path}`).digest('hex');
  return operations
    .map((one) => [toOrder(one), one] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .slice(0, MAX_OPERATIONS)
    .map(([, one]) => one);
}

/** What the judge does not read, though OpenAPI has it: by the arguments. */
function findUnread({ bindings, body }: OperationInput, args: JsonObject): string | undefined {
  if (body && body.kind !== 'json') return 'The judge reads no body but JSON';
  for (const binding of bindings) {
    const value = args[binding.key];
    if (binding.to !== 'parameter' || value === undefined) continue;
    const { in: place, name, style, isExploded, mediaType } = binding.parameter;
    const isNested = typeof value === 'object' && value !== null;
    if (mediaType !== undefined && place !== 'query') return 'The judge reads no `content` but in the query';
    if (mediaType !== undefined) continue;
    if (Array.isArray(value) && value.some((one) => typeof one === 'object' && one !== null))
      return 'The judge reads no list of objects outside the body';
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

/**
 * Arguments that the schema of the tool takes. Where a body may be left out, its tool requires none of its members. Then
 * all of them are there, because a body that is sent has to be whole.
 */
async function generate(input: OperationInput, place: string): Promise<JsonObject | undefined> {
  const tool = toToolSchema(() => input.schema)['~standard'];
  const { required } = input.schema as { readonly required?: readonly string[] };
  const members = input.bindings.flatMap((one) => (one.to === 'property' ? [one.key] : []));
  const schema =
    input.body?.isRequired === false ? { ...input.schema, required: [...(required ?? []), ...members] } : input.schema;
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const seed = createHash('sha256').update(`${place} ${attempt}`).digest().readInt32BE();
    const args = toHeaders(input, generateArguments(schema, seed));
    if (isRefused(input, args)) continue;
    if (!(await tool.validate(args)).issues) return args;
  }
  return undefined;
}

/** No part of a path is empty, or leads to another path. Many patterns allow it, and the library refuses it. */
function isRefused({ bindings }: OperationInput, args: JsonObject): boolean {
  return bindings.some((one) => {
    const value = one.to === 'parameter' && one.parameter.in === 'path' ? args[one.key] : undefined;
    return value === '' || (typeof value === 'string' && /(?:^|\W)\.{1,2}(?:\W|$)/.test(value));
  });
}

/** Headers have no characters but those of ASCII. */
function toHeaders({ bindings }: OperationInput, args: JsonObject): JsonObject {
  const headers = bindings.flatMap((one) => (one.to === 'parameter' && one.parameter.in === 'header' ? [one.key] : []));
  const toAscii = (value: unknown) => (typeof value === 'string' ? value.replace(/[^\x21-\x7e]/g, 'x') : value);
  return Object.fromEntries(
    Object.entries(args).map(([key, value]) => [key, headers.includes(key) ? toAscii(value) : value]),
  );
}
