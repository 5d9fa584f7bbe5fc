import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { locate, type Located } from './open-api-document.js';
import type { Swagger2Copy } from './swagger-2-copy.js';

/** Members of a parameter that are not part of its schema (Swagger 2.0, Parameter Object). */
const OWN: ReadonlySet<string> = new Set([
  'name',
  'in',
  'description',
  'required',
  'collectionFormat',
  'allowEmptyValue',
]);

const FORMS = ['application/x-www-form-urlencoded', 'multipart/form-data'];

/** The style of what OpenAPI 3 has no style for: `tsv`, and `ssv` and `pipes` in paths and headers. */
export const NO_STYLE = 'none';

/** Styles of `collectionFormat`. */
const STYLES: Readonly<Record<string, JsonObject>> = {
  csv: { style: 'form', explode: false },
  ssv: { style: 'spaceDelimited', explode: false },
  tsv: { style: NO_STYLE, explode: false },
  pipes: { style: 'pipeDelimited', explode: false },
  multi: { style: 'form', explode: true },
};

/** What an operation takes, as OpenAPI 3.0 says it. */
interface Taken {
  readonly parameters?: readonly JsonObject[];
  readonly requestBody?: JsonObject;
}

/**
 * Converts the parameters of an operation.
 *
 * @param lists - the parameters of the path, then those of the operation, which override them
 * @param consumes - media types of the operation, then those of the document
 */
export function convertParameters(copy: Swagger2Copy, lists: readonly Located[], consumes: readonly unknown[]): Taken {
  const all = new Map<string, JsonObject>();
  for (const list of lists) {
    for (const index of Array.isArray(list.value) ? list.value.keys() : []) {
      const node = locate(list, index);
      const found = copy.tryFollow(node) ?? node;
      const value = copy.of(found.value, found.file);
      const one = isJsonObject(value) ? value : {};
      const name = typeof one.name === 'string' ? one.name : index;
      all.set(`${String(one.in)} ${one.in === 'body' ? '' : name}`, one);
    }
  }
  const parameters = [...all.values()];
  const body = parameters.find((one) => one.in === 'body');
  const fields = parameters.filter((one) => one.in === 'formData');
  const others = parameters.filter((one) => one.in !== 'body' && one.in !== 'formData');
  return {
    ...(others.length > 0 && { parameters: others.map(convertParameter) }),
    ...(body && { requestBody: convertBody(body, firstList(...consumes) ?? ['application/json']) }),
    ...(!body && fields.length > 0 && { requestBody: convertForm(fields, firstList(...consumes) ?? []) }),
  };
}

function convertParameter(parameter: JsonObject): JsonObject {
  // What leads nowhere, or is no parameter, is told where the operation is read.
  if (typeof parameter.$ref === 'string') return parameter;
  const { name, in: place = 'undefined', description, required, allowEmptyValue } = parameter;
  return {
    name,
    in: place,
    description,
    required,
    allowEmptyValue,
    schema: toSchema(parameter),
    ...toStyle(parameter),
  };
}

function toSchema(parameter: JsonObject): JsonObject {
  const schema = Object.fromEntries(Object.entries(parameter).filter(([name]) => !OWN.has(name)));
  return schema.type === 'file' ? { ...schema, type: 'string', format: 'binary' } : schema;
}

function toStyle({ type, in: place, collectionFormat = 'csv' }: JsonObject): JsonObject {
  if (type !== 'array') return {};
  const style = STYLES[String(collectionFormat)] ?? STYLES.csv;
  if (place === 'query' || place === 'formData') return { ...style };
  const isPlain = style === STYLES.csv || style === STYLES.multi;
  return { style: isPlain ? 'simple' : NO_STYLE, explode: false };
}

function convertBody({ schema = {}, description, required }: JsonObject, mediaTypes: readonly string[]): JsonObject {
  const content = Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema }]));
  return { description, required, content };
}

function convertForm(fields: readonly JsonObject[], consumes: readonly string[]): JsonObject {
  const hasFile = fields.some(({ type }) => type === 'file');
  const said = FORMS.filter((mediaType) => consumes.includes(mediaType));
  const [standard = ''] = hasFile ? ['multipart/form-data'] : FORMS;
  const mediaTypes = said.length > 0 ? said : [standard];
  const required = fields.filter((one) => one.required === true).map(({ name }) => name);
  const properties = Object.fromEntries(
    fields.map((one) => [
      String(one.name),
      { ...toSchema(one), ...(one.description !== undefined && { description: one.description }) },
    ]),
  );
  const schema = { type: 'object', properties, ...(required.length > 0 && { required }) };
  const lists = fields.filter(({ type }) => type === 'array');
  const encoding = Object.fromEntries(lists.map((one) => [String(one.name), toStyle(one)]));
  const media = { schema, ...(lists.length > 0 && { encoding }) };
  return {
    ...(required.length > 0 && { required: true }),
    content: Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, media])),
  };
}

/** The first list that has texts. */
export function firstList(...lists: readonly unknown[]): readonly string[] | undefined {
  return lists
    .map((list) => (Array.isArray(list) ? list.filter((one): one is string => typeof one === 'string') : []))
    .find((list) => list.length > 0);
}
