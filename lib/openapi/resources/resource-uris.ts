import type { JsonObject } from '../../json/json-object.js';
import type { OperationInput } from '../inputs/operation-input.js';
import type { ApiOperation } from '../operations/api-operation.js';

/** A variable of the URI of a resource, and the argument that it is. */
export interface ResourceVariable {
  /** As in the template. */
  readonly name: string;
  /** Of the argument. */
  readonly key: string;
  /** Of the argument. */
  readonly schema: JsonObject;
  /** Values that the schema enumerates, as they are in a URI. */
  readonly choices: readonly string[];
}

/** The URI, or the template of URIs, of resources that an operation reads. */
export interface ResourceUri {
  readonly uri: string;
  readonly variables: readonly ResourceVariable[];
}

/** What is not told apart in names of variables (RFC 6570 section 2.3). */
const ILLEGAL = /[^\w.]/g;

/**
 * Makes the URIs of a `GET` operation: one with what it needs, and one more for each parameter of the query that may be left
 * out and enumerates its values.
 *
 * @returns URIs, or the reason why there is none: the end of a sentence
 */
export function listResourceUris(
  { path, body }: ApiOperation,
  { schema, bindings, unnamed }: Pick<OperationInput, 'schema' | 'bindings' | 'unnamed'>,
  scheme: string,
): readonly ResourceUri[] | string {
  if (body?.isRequired) return 'needs a body';
  if (unnamed) return 'has more parameters than `maxToolSize` lets it describe';
  if (/[?#]/.test(path)) return 'has a query in its path';
  const properties = schema.properties as JsonObject;
  const names = new Set<string>(['uri']);
  const inPath = new Map<string, ResourceVariable>();
  const inQuery: ResourceVariable[] = [];
  const optional: ResourceVariable[] = [];
  for (const binding of bindings) {
    if (binding.to !== 'parameter') continue;
    const { parameter, key } = binding;
    const property = properties[key] as JsonObject;
    const choices = listChoices(property, schema);
    const isPlain = parameter.mediaType === undefined && choices !== undefined;
    const isNeeded = parameter.isRequired || parameter.in === 'path';
    if (isNeeded && !(isPlain && (parameter.in === 'path' || parameter.in === 'query')))
      return `needs "${parameter.name}", which a URI cannot carry as a text`;
    if (!isPlain || (parameter.in !== 'path' && parameter.in !== 'query')) continue;
    const variable = { name: chooseName(key, names), key, schema: property, choices };
    if (parameter.in === 'path') inPath.set(parameter.name, variable);
    else if (parameter.isRequired) inQuery.push(variable);
    else if (choices.length > 0) optional.push(variable);
  }
  const route = writeRoute(path, inPath);
  if (route === undefined) return 'has a placeholder in its path that is no parameter';
  const needed = [...inPath.values(), ...inQuery];
  const toUri = (query: readonly ResourceVariable[]) =>
    `${scheme}:/${route}${query.length > 0 ? `{?${query.map(({ name }) => name).join(',')}}` : ''}`;
  return [
    { uri: toUri(inQuery), variables: needed },
    ...optional.map((one) => ({ uri: toUri([...inQuery, one]), variables: [...needed, one] })),
  ];
}

function chooseName(key: string, taken: Set<string>): string {
  let name = key.replace(ILLEGAL, '_');
  while (taken.has(name)) name += '_';
  taken.add(name);
  return name;
}

/** @returns `undefined` if a placeholder has no variable */
function writeRoute(path: string, variables: ReadonlyMap<string, ResourceVariable>): string | undefined {
  const parts = path.split(/\{([^{}]*)\}/);
  const written = parts.map((part, index) => {
    const name = variables.get(part)?.name;
    return index % 2 === 0 ? writeLiteral(part) : name === undefined ? undefined : `{${name}}`;
  });
  return written.includes(undefined) ? undefined : written.join('');
}

/** @returns `undefined` for a brace without its partner */
function writeLiteral(text: string): string | undefined {
  return /[{}]/.test(text) ? undefined : encodeURI(text);
}

const PLAIN: ReadonlySet<unknown> = new Set(['string', 'integer', 'number', 'boolean']);

/**
 * Lists the values that a schema enumerates.
 *
 * @returns `undefined` if the schema is about lists or objects, which are no text
 */
function listChoices(schema: JsonObject, root: JsonObject): readonly string[] | undefined {
  const { type, enum: values, const: value, anyOf } = resolve(schema, root);
  const enumerated = Array.isArray(values) ? values : value === undefined ? undefined : [value];
  if (enumerated) {
    const texts = enumerated.filter((one) => PLAIN.has(typeof one)).map(String);
    return texts.length > 0 ? texts.filter((one) => one !== '') : undefined;
  }
  if (Array.isArray(anyOf)) {
    const plain = (anyOf as JsonObject[]).flatMap((one) => {
      const choices = listChoices(one, root);
      return choices ? [choices] : [];
    });
    // A text that any value fits is not one of an enumeration.
    return plain.length === 0 ? undefined : plain.some((one) => one.length === 0) ? [] : [...new Set(plain.flat())];
  }
  if (type === 'boolean') return ['true', 'false'];
  return type === undefined || PLAIN.has(type) ? [] : undefined;
}

/** Follows references to the schema's own definitions. */
function resolve(schema: JsonObject, root: JsonObject): JsonObject {
  const { $ref } = schema;
  if (typeof $ref !== 'string') return schema;
  const definitions = root.$defs as Readonly<Record<string, JsonObject>>;
  return resolve(definitions[$ref.replace('#/$defs/', '')] as JsonObject, root);
}
