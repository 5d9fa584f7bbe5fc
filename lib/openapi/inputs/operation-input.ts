import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import type { OpenApiDocument } from '../documents/open-api-document.js';
import type { ApiBody, ApiMedia, ApiOperation, ApiParameter, ParameterPlace } from '../operations/api-operation.js';
import { chooseMedia, readMediaKind, toSentType, type MediaKind } from './media-choice.js';
import { PropertyKeys, toLegal } from './property-keys.js';
import { pruneDefinitions } from './pruned-definitions.js';
import { SchemaTranslator, type Schema } from './schema-translation.js';
import { isSteeringHeader } from './steering-headers.js';

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
  readonly keys: PropertyKeys;
}

/** Called for each keyword that is not valid, with its place. */
export type OnDropped = (place: string, keyword: string) => void;

/**
 * Describes the arguments of an operation: its parameters and the properties of its body, side by side.
 *
 * @throws {@link DocumentProblem} if a reference leads nowhere
 */
export function describeInput(
  document: OpenApiDocument,
  operation: ApiOperation,
  onDropped: OnDropped = () => undefined,
): OperationInput {
  const first = describeWith(new PropertyKeys(), document, operation, onDropped);
  if (!first.keys.isAmbiguous) return first;
  return describeWith(new PropertyKeys(first.keys.legal), document, operation, onDropped);
}

const ORDER: readonly ParameterPlace[] = ['path', 'query', 'header', 'cookie'];

function describeWith(
  keys: PropertyKeys,
  document: OpenApiDocument,
  { parameters, body }: ApiOperation,
  onDropped: OnDropped,
): OperationInput {
  const translator = new SchemaTranslator({ document, direction: 'input', keys, onDropped });
  const properties: Record<string, Schema> = {};
  const required: string[] = [];
  const bindings: Binding[] = [];
  const add = (name: string, prefix: string, schema: Schema, isRequired: boolean) => {
    const key = chooseKey(properties, name, prefix);
    properties[key] = schema;
    if (isRequired) required.push(key);
    return key;
  };
  for (const parameter of ORDER.flatMap((place) => parameters.filter((one) => one.in === place))) {
    if (isSteeringHeader(parameter)) continue;
    const { name, in: place, isRequired, description } = parameter;
    const schema = { ...translator.translate(parameter.schema), ...(description !== undefined && { description }) };
    bindings.push({ key: add(name, place, schema, isRequired), to: 'parameter', parameter });
  }
  const media = body && chooseMedia(body.media);
  if (!body || !media) return { schema: close(properties, required, translator), bindings, body: undefined, keys };
  const schema = translator.translate(media.schema);
  const flat = findFlat(schema, translator.definitions);
  const plan = planBody(body, media, flat, keys);
  if (flat && plan.kind !== 'text' && plan.kind !== 'bytes') {
    const needed = new Set(plan.isRequired ? readRequired(flat) : []);
    for (const [name, property] of Object.entries(readProperties(flat))) {
      const key = add(name, 'body', property, needed.has(name));
      bindings.push({ key, to: 'property', property: keys.toKey(name) });
    }
  } else {
    const whole = describeWhole(schema, plan, body);
    bindings.push({ key: add('body', 'request', whole, plan.isRequired), to: 'body' });
  }
  return { schema: close(properties, required, translator), bindings, body: plan, keys };
}

/** A legal key that no other argument has. Whoever comes later says where it goes: `query_id`, `body_name`. */
function chooseKey(taken: Readonly<Record<string, unknown>>, name: string, prefix: string): string {
  const wanted = toLegal(name);
  if (!Object.hasOwn(taken, wanted)) return wanted;
  const prefixed = `${prefix}_${wanted}`.slice(0, 60);
  let key = prefixed;
  for (let number = 2; Object.hasOwn(taken, key); number += 1) key = `${prefixed}_${number}`;
  return key;
}

function close(
  properties: Record<string, Schema>,
  required: readonly string[],
  translator: SchemaTranslator,
): JsonObject {
  const schema = { type: 'object', properties, ...(required.length > 0 && { required }) };
  return { ...pruneDefinitions(schema, translator.definitions), additionalProperties: false };
}

/** The body's schema if it is an object of named properties and nothing else, so that they can be arguments. */
function findFlat(schema: Schema, definitions: ReadonlyMap<string, Schema>): Schema | undefined {
  let one: Schema | undefined = schema;
  for (let hops = 0; typeof one?.$ref === 'string' && hops < 64; hops += 1)
    one = definitions.get(one.$ref.slice('#/$defs/'.length));
  if (one?.type !== 'object' || Object.keys(readProperties(one)).length === 0) return undefined;
  return isJsonObject(one.additionalProperties) || ['allOf', 'anyOf', 'enum'].some((keyword) => keyword in one)
    ? undefined
    : one;
}

function planBody(body: ApiBody, media: ApiMedia, flat: Schema | undefined, keys: PropertyKeys): BodyPlan {
  const kind = readMediaKind(media.mediaType);
  const files = Object.entries(flat ? readProperties(flat) : {}).filter(([, schema]) => isFile(schema));
  return {
    kind,
    mediaType: toSentType(media.mediaType, kind),
    isRequired: body.isRequired,
    encoding: media.encoding,
    files: new Set(kind === 'multipart' ? files.map(([name]) => keys.toKey(name)) : []),
  };
}

/** A file, or a list of files. */
function isFile(schema: Schema): boolean {
  if (schema.type === 'array') return isJsonObject(schema.items) && isFile(schema.items);
  return schema.contentEncoding === 'base64' || typeof schema.contentMediaType === 'string';
}

function describeWhole(schema: Schema, { kind, mediaType }: BodyPlan, { description }: ApiBody): Schema {
  const said = { ...(description !== undefined && { description }), ...schema };
  if (kind !== 'text' && kind !== 'bytes') return said;
  const told = typeof said.description === 'string' ? said.description : `The content, as ${mediaType}`;
  return { type: 'string', ...(kind === 'bytes' && { contentEncoding: 'base64' }), description: told };
}

function readProperties(schema: Schema): Record<string, Schema> {
  return isJsonObject(schema.properties) ? (schema.properties as Record<string, Schema>) : {};
}

function readRequired(schema: Schema): readonly string[] {
  return Array.isArray(schema.required) ? (schema.required as string[]) : [];
}
