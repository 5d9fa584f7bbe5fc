import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { describePlace, isReference, type Located, type OpenApiDocument } from '../documents/open-api-document.js';
import { readProperties } from './merged-schemas.js';
import type { Schema } from './translated-schema.js';

/** What is needed to know the alternatives of a discriminator. */
interface Alternatives {
  readonly document: OpenApiDocument;
  readonly resolve: (schema: Schema) => Schema;
}

/**
 * Gives an alternative the values that its discriminator has for it (OpenAPI 3.1, Discriminator Object), unless it says so
 * itself.
 *
 * @param node - the schema with `oneOf` or `anyOf`
 * @param choice - one of them
 * @param schema - the same, translated
 */
export function addDiscriminator(alternatives: Alternatives, node: Located, choice: Located, schema: Schema): Schema {
  const { discriminator } = node.value as JsonObject;
  if (!isJsonObject(discriminator) || !isReference(choice.value)) return schema;
  const { propertyName, mapping } = discriminator;
  if (typeof propertyName !== 'string' || !isJsonObject(mapping)) return schema;
  const { document } = alternatives;
  const place = describePlace(document.find(choice, choice.value.$ref));
  const values = Object.entries(mapping)
    .filter(([, target]) => typeof target === 'string' && toPlace(document, node, target) === place)
    .map(([value]) => value);
  const resolved = alternatives.resolve(schema);
  const properties = readProperties(resolved);
  const known = Object.hasOwn(properties, propertyName) ? properties[propertyName] : undefined;
  const isOpen = known?.type === 'string' && !('enum' in known) && !('const' in known);
  if (values.length === 0 || resolved.type !== 'object' || !isOpen) return schema;
  const named = { ...known, ...(values.length === 1 ? { const: values[0] } : { enum: values }) };
  return { ...resolved, properties: { ...properties, [propertyName]: named } };
}

/** A mapping has references, or names of schemas. */
function toPlace(document: OpenApiDocument, node: Located, target: string): string | undefined {
  const reference = /^[A-Za-z0-9._-]+$/.test(target) ? `#/components/schemas/${target}` : target;
  try {
    return describePlace(document.find(node, reference));
  } catch {
    return undefined;
  }
}
