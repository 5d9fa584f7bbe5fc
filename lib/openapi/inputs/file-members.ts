import { isJsonObject } from '../../json/json-object.js';
import { readProperties } from './merged-schemas.js';
import type { SchemaTranslator } from './schema-translation.js';
import type { Schema } from './translated-schema.js';

/** How a member of a form is sent. `either`: as a file in one of several bodies, as a value in another. */
export type SentAs = 'file' | 'value' | 'either';

/** Levels of alternatives in alternatives that are looked at. */
const MAX_DEPTH = 8;

/** Follows the references of translated schemas. */
type Resolver = Pick<SchemaTranslator, 'resolve'>;

/**
 * Finds out whether a member of a form is a file, or a list of files: in all of the schema's parts and alternatives.
 *
 * @param schema - of the form, translated
 * @returns `undefined` if nothing is said of such a member
 */
export function findSentAs(translator: Resolver, schema: Schema, name: string, depth = 0): SentAs | undefined {
  if (depth > MAX_DEPTH) return undefined;
  const resolved = translator.resolve(schema);
  const find = (one: Schema) => findSentAs(translator, one, name, depth + 1);
  const own = listMemberSchemas(resolved, name).map((one) => toSentAs(translator, one));
  const parts = listSchemas(resolved.allOf).map(find);
  const alternatives = joinAlternatives(listSchemas(resolved.anyOf).map(find));
  const said = [...own, ...parts, alternatives].filter((one) => one !== undefined);
  return said.find((one) => one !== 'value') ?? said[0];
}

function joinAlternatives(alternatives: readonly (SentAs | undefined)[]): SentAs | undefined {
  const said = new Set(alternatives.filter((one) => one !== undefined));
  const [first, ...others] = said;
  return others.length > 0 ? 'either' : first;
}

/** The schemas that an object has for a member. */
function listMemberSchemas(schema: Schema, name: string): readonly Schema[] {
  const { patternProperties, additionalProperties } = schema;
  const properties = readProperties(schema);
  const named = Object.hasOwn(properties, name) ? listSchemas([properties[name]]) : [];
  const matching = Object.entries(isJsonObject(patternProperties) ? patternProperties : {})
    .filter(([pattern]) => new RegExp(pattern, 'u').test(name))
    .flatMap(([, one]) => listSchemas([one]));
  const found = [...named, ...matching];
  return found.length > 0 ? found : listSchemas([additionalProperties]);
}

function toSentAs(translator: Resolver, schema: Schema, depth = 0): SentAs | undefined {
  const one = translator.resolve(schema);
  // A member may be named only because an alternative requires it.
  if (depth > MAX_DEPTH || Object.keys(one).length === 0) return undefined;
  if ([one.type].flat().includes('array'))
    return isJsonObject(one.items) ? toSentAs(translator, one.items, depth + 1) : 'value';
  if (one.contentEncoding === 'base64' || typeof one.contentMediaType === 'string') return 'file';
  const alternatives = listSchemas(one.anyOf).filter(({ type }) => type !== 'null');
  const joined = joinAlternatives(alternatives.map((choice) => toSentAs(translator, choice, depth + 1)));
  const parts = listSchemas(one.allOf).map((part) => toSentAs(translator, part, depth + 1));
  return [...parts, joined].find((said) => said === 'file' || said === 'either') ?? 'value';
}

function listSchemas(value: unknown): readonly Schema[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}
