import type { JsonObject } from '../../json/json-object.js';
import type { ToolSchema } from '../../resource-server/decorators/access-options.js';
import type { OpenApiDocument } from '../documents/open-api-document.js';
import { BoundedSchemas } from '../inputs/bounded-schema.js';
import { SchemaTranslator } from '../inputs/schema-translation.js';
import { toToolSchema } from '../inputs/tool-schema.js';
import type { Schema } from '../inputs/translated-schema.js';
import type { ApiOperation } from '../operations/api-operation.js';
import type { AnswerSettings } from './answer-options.js';
import { LEFT_OUT } from './bounded-answer.js';
import { findJsonSchema, listMediaTypes, listSuccesses } from './declared-responses.js';

/** Characters of the schema of an answer. */
const MAX_SIZE = 24_000;

/** The schema of the answers of an operation. */
export interface OutputSchema {
  /** What the document says of answers. */
  readonly declared: ToolSchema;
  /** What clients are told. They refuse a result that does not fit it. */
  readonly offered: JsonObject;
}

interface Translated {
  readonly translator: SchemaTranslator;
  readonly bounded: BoundedSchemas;
}

const known = new WeakMap<OpenApiDocument, Translated>();

/** An answer without a body. */
const EMPTY: Schema = { type: 'object', properties: { status: { type: 'integer' } }, required: ['status'] };

/** An answer that is not whole. */
const CUT: Schema = { type: 'object', properties: { [LEFT_OUT]: { type: 'string' } }, required: [LEFT_OUT] };

/** Any answer. */
const OTHER: Schema = { type: 'object', description: 'Whatever else the API answers.' };

/**
 * Describes the answers of an operation by its responses of 2xx, or else by `default`.
 *
 * Clients validate structured content, and refuse a result that does not fit, or that has none. So what is offered has to
 * fit whatever is sent: without `enforced` it allows any object besides what the document says.
 *
 * @returns `undefined` if the option does not ask for it, or the document does not say what the API answers as JSON
 */
export function describeOutput(
  document: OpenApiDocument,
  operation: ApiOperation,
  { schema: wanted, fields }: AnswerSettings,
): OutputSchema | undefined {
  if (wanted === undefined) return undefined;
  const { translator, bounded } = translate(document);
  const responses = listSuccesses(document, operation);
  const schemas = responses.flatMap((response) => findJsonSchema(document, response) ?? []);
  if (schemas.length === 0) return undefined;
  const isEmpty = responses.some((response) => listMediaTypes(response).length === 0);
  const declared = [
    ...schemas.flatMap((one) => toObjects(translator, translator.translate(one))),
    ...(isEmpty ? [EMPTY] : []),
  ];
  const isWhole = wanted === 'enforced' && fields === undefined;
  const offered = bounded.write({ type: 'object', anyOf: [...declared, isWhole ? CUT : OTHER] }, MAX_SIZE);
  if (offered.isOpen) return undefined;
  const schema = bounded.write({ type: 'object', anyOf: declared }, MAX_SIZE).schema;
  return { declared: toToolSchema(() => schema), offered: offered.schema };
}

/** The schema that a tool offers. Answers are judged before they become a result, so nothing is refused here. */
export function toOffered({ offered }: OutputSchema): ToolSchema {
  const describe = () => offered;
  return {
    '~standard': {
      version: 1,
      vendor: 'nestjs-mcp-auth',
      validate: (value) => ({ value }),
      jsonSchema: { input: describe, output: describe },
    },
  };
}

function translate(document: OpenApiDocument): Translated {
  let translated = known.get(document);
  if (!translated) {
    const translator = new SchemaTranslator(document, 'output');
    translated = { translator, bounded: new BoundedSchemas(translator) };
    known.set(document, translated);
  }
  return translated;
}

/** What is no object is `result` of one. */
function toObjects(translator: SchemaTranslator, schema: Schema): readonly Schema[] {
  const { type } = translator.resolve(schema);
  const wrapped: Schema = { type: 'object', properties: { result: schema }, required: ['result'] };
  if (type === 'object') return [schema];
  return type === undefined || (Array.isArray(type) && type.includes('object')) ? [schema, wrapped] : [wrapped];
}
