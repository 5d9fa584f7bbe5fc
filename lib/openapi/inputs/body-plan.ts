import { isJsonObject } from '../../json/json-object.js';
import type { ApiBody, ApiMedia } from '../operations/api-operation.js';
import { findSentAs, type SentAs } from './file-members.js';
import { readMediaKind, toSentType, type MediaKind } from './media-choice.js';
import { readProperties } from './merged-schemas.js';
import { boundText } from './schema-texts.js';
import type { SchemaTranslator } from './schema-translation.js';
import type { Schema } from './translated-schema.js';

/** The body as it is sent. */
export interface BodyPlan {
  readonly kind: MediaKind;
  readonly mediaType: string;
  readonly isRequired: boolean;
  readonly encoding: ApiMedia['encoding'];
  /** How a member of a `multipart` form is sent. `undefined` if the document does not say. */
  readonly findSentAs: (name: string) => SentAs | undefined;
}

/** A body, and how it becomes arguments. */
export interface PlannedBody {
  readonly plan: BodyPlan;
  /** The schema whose properties are arguments. */
  readonly flat: Schema | undefined;
  /** The schema of the body, if it is one argument. */
  readonly whole: Schema;
}

/** Keywords of schemas whose properties cannot be arguments. */
const NOT_FLAT = ['allOf', 'anyOf', 'enum', 'const', 'patternProperties', 'not'];

/** Characters of the description of a body. */
const MAX_DESCRIPTION = 1_000;

/**
 * Plans how a body is sent.
 *
 * @param schema - of the body, translated
 */
export function planBody(
  translator: Pick<SchemaTranslator, 'resolve'>,
  body: ApiBody,
  { mediaType, encoding }: ApiMedia,
  schema: Schema,
): PlannedBody {
  const kind = readMediaKind(mediaType);
  const isContent = kind === 'text' || kind === 'bytes';
  const resolved = translator.resolve(schema);
  const flat = isContent ? undefined : findFlat(resolved);
  const plan: BodyPlan = {
    kind,
    mediaType: toSentType(mediaType, kind),
    isRequired: body.isRequired,
    encoding,
    findSentAs: (name) => findSentAs(translator, resolved, name),
  };
  return { plan, flat, whole: describeWhole(schema, plan, body) };
}

/** The schema, if it is an object of named properties and nothing else. */
function findFlat(schema: Schema): Schema | undefined {
  if (schema.type !== 'object' || Object.keys(readProperties(schema)).length === 0) return undefined;
  const isMap = isJsonObject(schema.additionalProperties);
  return isMap || NOT_FLAT.some((keyword) => keyword in schema) ? undefined : schema;
}

function describeWhole(schema: Schema, { kind, mediaType }: BodyPlan, { description }: ApiBody): Schema {
  const said = {
    ...(description !== undefined && { description: boundText(description, MAX_DESCRIPTION) }),
    ...schema,
  };
  if (kind !== 'text' && kind !== 'bytes') return said;
  const told = typeof said.description === 'string' ? said.description : `The content, as ${mediaType}`;
  return { type: 'string', ...(kind === 'bytes' && { contentEncoding: 'base64' }), description: told };
}
