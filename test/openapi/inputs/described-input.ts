import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { JsonObject } from '../../../lib/json/json-object.js';
import { OpenApiDocument } from '../../../lib/openapi/documents/open-api-document.js';
import { describeInput, type InputSettings, type OperationInput } from '../../../lib/openapi/inputs/operation-input.js';
import { listOperations } from '../../../lib/openapi/operations/list-operations.js';
import { buildRequest, type OperationRequest } from '../../../lib/openapi/requests/operation-request.js';

/** One operation of a document. */
export interface Described {
  readonly input: OperationInput;
  /** Whether its schema takes arguments, by Ajv in strict mode. */
  readonly takes: (args: unknown) => boolean;
  readonly build: (args: JsonObject) => OperationRequest;
}

/** What a document is made of. */
export interface DocumentParts {
  readonly version?: string;
  readonly path?: string;
  readonly parameters?: readonly unknown[];
  /** Schema of the body. */
  readonly body?: unknown;
  readonly mediaType?: string;
  /** Of the body. */
  readonly encoding?: JsonObject;
  readonly schemas?: JsonObject;
  readonly securitySchemes?: JsonObject;
}

export function documentOf({
  version = '3.1.0',
  path = '/things',
  parameters = [],
  body,
  mediaType = 'application/json',
  encoding = {},
  schemas = {},
  securitySchemes = {},
}: DocumentParts): JsonObject {
  const requestBody = body !== undefined && {
    requestBody: { required: true, content: { [mediaType]: { schema: body, encoding } } },
  };
  return {
    openapi: version,
    info: { title: 'Things', version: '1' },
    paths: { [path]: { post: { parameters, ...requestBody, responses: {} } } },
    components: { schemas, securitySchemes },
  };
}

/** Describes the only operation of a document. */
export function describeFirst(parts: DocumentParts, settings: InputSettings = {}): Described {
  const document = new OpenApiDocument('things.json', new Map([['things.json', documentOf(parts)]]));
  const { operations, faulty } = listOperations(document);
  const [operation] = operations;
  if (!operation) throw faulty[0]?.problem ?? new Error('no operation');
  const input = describeInput(document, operation, settings);
  const ajv = compiler();
  const validate = ajv.compile(input.schema);
  return {
    input,
    takes: (args) => validate(args),
    build: (args) => buildRequest(operation, input, args),
  };
}

/** The schema of an argument. */
export function argumentOf({ input }: Described, key: string): unknown {
  return (input.schema.properties as JsonObject)[key];
}

/** Ajv in strict mode, to which a warning is an error. */
export function compiler(): Ajv2020 {
  const fail = (message: unknown) => {
    throw new Error(String(message));
  };
  const ajv = new Ajv2020({ strict: true, logger: { log: fail, warn: fail, error: fail } });
  formats.default(ajv);
  return ajv;
}
