import { isJsonObject } from '../../json/json-object.js';
import { DocumentProblem } from '../documents/document-problem.js';
import { describePlace, locate, type Located, type OpenApiDocument } from '../documents/open-api-document.js';
import { NO_STYLE } from '../documents/swagger-2-parameters.js';
import type { ApiBody, ApiMedia, ApiParameter, ParameterPlace, ParameterStyle } from './api-operation.js';

const FORM = 'application/x-www-form-urlencoded';

const PLACES: ReadonlySet<unknown> = new Set<ParameterPlace>(['path', 'query', 'header', 'cookie']);

/** Styles that each place has, its default first (OpenAPI 3.1, Parameter Object, `style`). */
const STYLES: Readonly<Record<ParameterPlace, readonly [ParameterStyle, ...ParameterStyle[]]>> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form'],
};

/**
 * Reads the parameters of an operation. Those of the operation override those of its path.
 *
 * @param lists - the parameters of the path, then those of the operation
 * @throws {@link DocumentProblem} if one cannot be read, or the path has a placeholder without a parameter
 */
export function readParameters(
  document: OpenApiDocument,
  lists: readonly [ofPath: Located, ofOperation: Located],
  path: string,
): readonly ApiParameter[] {
  const parameters = new Map<string, ApiParameter>();
  for (const list of lists) {
    if (!Array.isArray(list.value)) continue;
    for (const index of list.value.keys()) {
      for (const parameter of readParameter(document, locate(list, index)))
        parameters.set(`${parameter.in} ${parameter.name}`, parameter);
    }
  }
  // A placeholder without a parameter is a text all the same: generators leave them out.
  for (const name of listPlaceholders(path)) {
    if (!parameters.has(`path ${name}`)) parameters.set(`path ${name}`, createPathParameter(name, lists[0]));
  }
  return [...parameters.values()].filter((one) => one.in !== 'path' || path.includes(`{${one.name}}`));
}

/** Names between braces in a path. */
export function listPlaceholders(path: string): readonly string[] {
  return [...path.matchAll(/\{([^{}]+)\}/g)].map(([, name = '']) => name);
}

/**
 * Reads the body of an operation.
 *
 * @throws {@link DocumentProblem} if its reference leads nowhere
 */
export function readBody(document: OpenApiDocument, node: Located): ApiBody | undefined {
  if (node.value === undefined) return undefined;
  const body = document.follow(node);
  if (!isJsonObject(body.value)) return undefined;
  const content = locate(body, 'content');
  const all = Object.keys(isJsonObject(content.value) ? content.value : {});
  const media = all.flatMap((mediaType) => readMedia(document, locate(content, mediaType), mediaType.trim()));
  if (all.length > 0 && media.length === 0)
    throw new DocumentProblem(describePlace(content), 'has only `itemSchema`: a stream of items, which no tool sends');
  if (media.length === 0) return undefined;
  const { required, description } = body.value;
  return { isRequired: required === true, description: readText(description), media };
}

/** A stream of items has an `itemSchema` in place of a `schema` (OpenAPI 3.2, Media Type Object). */
function readMedia(document: OpenApiDocument, node: Located, mediaType: string): readonly ApiMedia[] {
  const media = document.follow(node);
  const { value } = media;
  if (isJsonObject(value) && value.itemSchema !== undefined && value.schema === undefined) return [];
  const encoding = isJsonObject(value) && isJsonObject(value.encoding) ? value.encoding : {};
  return [{ mediaType, schema: locate(media, 'schema'), encoding }];
}

function readParameter(document: OpenApiDocument, node: Located): readonly ApiParameter[] {
  const parameter = document.follow(node);
  const { value } = parameter;
  const place = describePlace(node);
  if (!isJsonObject(value)) throw new DocumentProblem(place, 'is not a Parameter Object');
  const { name, required, description, style, explode, allowReserved } = value;
  if (value.in === 'querystring') return readQueryString(document, parameter);
  if (typeof name !== 'string' || name === '') throw new DocumentProblem(place, 'has no `name`');
  if (!isPlace(value.in)) throw new DocumentProblem(place, `has \`in: ${String(value.in)}\`, which no request has`);
  if (style === NO_STYLE) throw new DocumentProblem(place, 'has a `collectionFormat` that no later version has there');
  const mediaType = isJsonObject(value.content) ? Object.keys(value.content)[0] : undefined;
  const [standard] = STYLES[value.in];
  const known = STYLES[value.in].find((one) => one === style) ?? standard;
  const isPlain = mediaType === undefined;
  const media = isPlain ? parameter : document.follow(locate(parameter, 'content', mediaType));
  return [
    {
      in: value.in,
      name,
      isRequired: value.in === 'path' || required === true,
      description: readText(description),
      isDeprecated: value.deprecated === true,
      examples: readExamples(value),
      style: known,
      isExploded: typeof explode === 'boolean' ? explode : known === 'form' || known === 'deepObject',
      allowsReserved: allowReserved === true,
      mediaType,
      schema: locate(media, 'schema'),
    },
  ];
}

/** A query string that is a form is one parameter for each property (OpenAPI 3.2, Parameter Object, `querystring`). */
function readQueryString(document: OpenApiDocument, parameter: Located): readonly ApiParameter[] {
  const media = document.follow(locate(parameter, 'content', FORM));
  const schema = document.follow(locate(media, 'schema'));
  const { value } = schema;
  if (!isJsonObject(value) || !isJsonObject(value.properties))
    throw new DocumentProblem(
      describePlace(parameter),
      `has \`in: querystring\`, of which only ${FORM} with an object and its \`properties\` is sent`,
    );
  const required: readonly unknown[] = Array.isArray(value.required) ? value.required : [];
  return Object.keys(value.properties).map((name) => ({
    in: 'query',
    name,
    isRequired: required.includes(name),
    description: undefined,
    isDeprecated: false,
    examples: [],
    style: 'form',
    isExploded: true,
    allowsReserved: false,
    mediaType: undefined,
    schema: locate(schema, 'properties', name),
  }));
}

/** OpenAPI 3.1, Parameter Object, `example` and `examples`. */
function readExamples({ example, examples }: Readonly<Record<string, unknown>>): readonly unknown[] {
  if (example !== undefined) return [example];
  return Object.values(isJsonObject(examples) ? examples : {}).flatMap((one) =>
    isJsonObject(one) && one.value !== undefined ? [one.value] : [],
  );
}

function createPathParameter(name: string, { file, pointer }: Located): ApiParameter {
  return {
    in: 'path',
    name,
    isRequired: true,
    description: undefined,
    isDeprecated: false,
    examples: [],
    style: 'simple',
    isExploded: false,
    allowsReserved: false,
    mediaType: undefined,
    schema: { value: { type: 'string' }, file, pointer },
  };
}

function isPlace(value: unknown): value is ParameterPlace {
  return PLACES.has(value);
}

function readText(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}
