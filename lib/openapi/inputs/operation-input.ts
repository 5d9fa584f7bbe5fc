import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import type { OpenApiDocument } from '../documents/open-api-document.js';
import type { ApiBody, ApiMedia, ApiOperation, ApiParameter, ParameterPlace } from '../operations/api-operation.js';
import { chooseMedia, readMediaKind, toSentType, type MediaKind } from './media-choice.js';
import { InputSchemas } from './input-schemas.js';
import { readProperties, readRequired } from './merged-schemas.js';
import { toLegalKey } from './property-keys.js';
import { restoreKeys } from './restored-keys.js';
import { boundText } from './schema-texts.js';
import { readExamples } from './schema-values.js';
import type { Schema } from './translated-schema.js';
import { isSteeringHeader } from './steering-headers.js';
import { accepts } from './tool-schema.js';

/** Where an argument goes: to a parameter, to a property of the body, or it is the body. */
export type Binding =
  | { readonly key: string; readonly to: 'parameter'; readonly parameter: ApiParameter }
  | { readonly key: string; readonly to: 'property'; readonly property: string }
  | { readonly key: string; readonly to: 'body' };

/** The body as it is sent. */
export interface BodyPlan {
  readonly kind: MediaKind;
  readonly mediaType: string;
  readonly isRequired: boolean;
  readonly encoding: ApiMedia['encoding'];
  /** Properties of a form that are files. */
  readonly files: ReadonlySet<string>;
}

/** The arguments of an operation: what a model sees, and what becomes of them. */
export interface OperationInput {
  /** JSON Schema 2020-12 of an object. */
  readonly schema: JsonObject;
  readonly bindings: readonly Binding[];
  readonly body: BodyPlan | undefined;
  /** Whether the schema says less than the document does, because of its size. */
  readonly isReduced: boolean;
  /** Whether the schema takes arguments that it does not name. */
  readonly isOpen: boolean;
  /** Puts the keys of the API back into arguments that the schema takes. Their own keys stay. */
  readonly restore: (args: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
}

/** How arguments are described. */
export interface InputSettings {
  /** Characters of the schema. Defaults to 24 000. */
  readonly maxSize?: number;
  readonly onDropped?: OnDropped | undefined;
}

/** Receives each keyword of a schema that is not valid, with its place. */
export type OnDropped = (place: string, keyword: string) => void;

/** Characters of the schema of a tool: some 6 000 tokens. */
export const MAX_SCHEMA = 24_000;

/** Characters of the description of an argument. */
const MAX_DESCRIPTION = 1_000;

const ORDER: readonly ParameterPlace[] = ['path', 'query', 'header', 'cookie'];

/**
 * Describes the arguments of an operation: its parameters and the properties of its body, side by side. Those that are
 * required come first.
 *
 * @throws {@link DocumentProblem} if a reference leads nowhere
 */
export function describeInput(
  document: OpenApiDocument,
  operation: ApiOperation,
  { maxSize = MAX_SCHEMA, onDropped }: InputSettings = {},
): OperationInput {
  const schemas = InputSchemas.of(document);
  const { translator, bounded } = schemas;
  const args: Argument[] = [];
  const taken = new Set<string>();
  const add = (name: string, prefix: string, schema: Schema, isRequired: boolean): string => {
    const key = chooseKey(taken, name, prefix);
    taken.add(key);
    args.push({ key, schema, isRequired });
    return key;
  };
  const bindings: Binding[] = [];
  for (const parameter of ORDER.flatMap((place) => operation.parameters.filter((one) => one.in === place))) {
    if (isSteeringHeader(parameter)) continue;
    const schema = describeParameter(translator.translate(parameter.schema), parameter);
    const key = add(parameter.name, parameter.in, schema, parameter.isRequired);
    bindings.push({ key, to: 'parameter', parameter });
  }
  const media = operation.body && chooseMedia(operation.body.media);
  let plan: BodyPlan | undefined;
  if (operation.body && media) {
    const schema = translator.translate(media.schema);
    const resolve = (one: Schema) => translator.resolve(one);
    const flat = findFlat(resolve(schema));
    plan = planBody(operation.body, media, flat, resolve);
    if (flat && plan.kind !== 'text' && plan.kind !== 'bytes') {
      const needed = new Set(plan.isRequired ? readRequired(flat) : []);
      for (const [property, one] of Object.entries(readProperties(flat)))
        bindings.push({ key: add(property, 'body', one, needed.has(property)), to: 'property', property });
    } else {
      const whole = describeWhole(schema, plan, operation.body);
      bindings.push({ key: add('body', 'request', whole, plan.isRequired), to: 'body' });
    }
  }
  const written = bounded.write(toObject(args), maxSize);
  for (const { place, keyword } of schemas.takeDropped()) onDropped?.(place, keyword);
  return {
    schema: written.schema,
    bindings,
    body: plan,
    isReduced: written.isReduced,
    isOpen: written.isOpen,
    restore: (given) => restoreKeys(written, given, accepts) as Readonly<Record<string, unknown>>,
  };
}

interface Argument {
  readonly key: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

/** A legal key that no other argument has. Whoever comes later says where it goes: `query_id`, `body_name`. */
function chooseKey(taken: ReadonlySet<string>, name: string, prefix: string): string {
  const wanted = toLegalKey(name);
  if (!taken.has(wanted)) return wanted;
  const prefixed = `${prefix}_${wanted}`.slice(0, 60);
  let key = prefixed;
  for (let number = 2; taken.has(key); number += 1) key = `${prefixed}_${number}`;
  return key;
}

function toObject(args: readonly Argument[]): Schema {
  const required = args.filter(({ isRequired }) => isRequired);
  const optional = args.filter(({ isRequired }) => !isRequired);
  return {
    type: 'object',
    properties: Object.fromEntries([...required, ...optional].map(({ key, schema }) => [key, schema])),
    ...(required.length > 0 && { required: required.map(({ key }) => key) }),
    additionalProperties: false,
  };
}

/** What a parameter says of itself goes before what its schema says. */
function describeParameter(schema: Schema, { description, isDeprecated, examples }: ApiParameter): Schema {
  return {
    ...schema,
    ...(description !== undefined && { description: boundText(description, MAX_DESCRIPTION) }),
    ...readExamples({ examples: examples.length > 0 ? examples : schema.examples }, []),
    ...(isDeprecated && { deprecated: true }),
  };
}

/** The body's schema if it is an object of named properties and nothing else, so that they can be arguments. */
function findFlat(schema: Schema): Schema | undefined {
  if (schema.type !== 'object' || Object.keys(readProperties(schema)).length === 0) return undefined;
  return isJsonObject(schema.additionalProperties) || NOT_FLAT.some((keyword) => keyword in schema)
    ? undefined
    : schema;
}

const NOT_FLAT = ['allOf', 'anyOf', 'enum', 'const', 'patternProperties', 'not'];

function planBody(
  body: ApiBody,
  media: ApiMedia,
  flat: Schema | undefined,
  resolve: (schema: Schema) => Schema,
): BodyPlan {
  const kind = readMediaKind(media.mediaType);
  const files = Object.entries(flat ? readProperties(flat) : {}).filter(([, schema]) => isFile(schema, resolve));
  return {
    kind,
    mediaType: toSentType(media.mediaType, kind),
    isRequired: body.isRequired,
    encoding: media.encoding,
    files: new Set(kind === 'multipart' ? files.map(([name]) => name) : []),
  };
}

/** A file, or a list of files. */
function isFile(schema: Schema, resolve: (schema: Schema) => Schema): boolean {
  const one = resolve(schema);
  if (one.type === 'array') return isJsonObject(one.items) && isFile(one.items, resolve);
  return one.contentEncoding === 'base64' || typeof one.contentMediaType === 'string';
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
