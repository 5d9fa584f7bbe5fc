import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { isReference, locate, type Located, type OpenApiDocument } from '../documents/open-api-document.js';

/** Levels of an error. */
const MAX_LEVELS = 5;

/** Members of a list. */
const MAX_ITEMS = 10;

/** Properties that are of the inside, whether a document declares them or not. */
const INSIDE =
  /stack|trace|exception|debug|inner|internal|header|cookie|token|secret|password|authorization|credential|host|server|sql/i;

/**
 * Lists the values of an error that its schema declares, of plain types: `code: out_of_stock`, `fields.item: is unknown`.
 *
 * @param schema - the error schema of the document
 */
export function listDeclared(document: OpenApiDocument, schema: Located, value: unknown): readonly string[] {
  return list(document, [schema], value, '', 0);
}

function list(
  document: OpenApiDocument,
  schemas: readonly Located[],
  value: unknown,
  name: string,
  level: number,
): readonly string[] {
  if (level > MAX_LEVELS) return [];
  const parts = schemas.flatMap((one) => listParts(document, one, 0));
  if (Array.isArray(value)) {
    const items = parts.map((part) => locate(part, 'items')).filter((one) => isJsonObject(one.value));
    if (items.length === 0) return [];
    return value.slice(0, MAX_ITEMS).flatMap((one) => list(document, items, one, name, level + 1));
  }
  if (isJsonObject(value)) {
    return Object.entries(value).flatMap(([key, one]) => {
      const declared = parts.flatMap((part) => findProperty(part, key) ?? []);
      if (declared.length === 0 || INSIDE.test(key)) return [];
      return list(document, declared, one, name === '' ? key : `${name}.${key}`, level + 1);
    });
  }
  return isPlain(value) ? [`${name}: ${String(value)}`] : [];
}

/** A schema, and what it is composed of. */
function listParts(document: OpenApiDocument, schema: Located, level: number): readonly Located<JsonObject>[] {
  if (level > MAX_LEVELS || !isJsonObject(schema.value)) return [];
  if (isReference(schema.value)) return listParts(document, followOrNothing(document, schema), level + 1);
  const composed = ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => {
    const members = (schema.value as JsonObject)[keyword];
    return Array.isArray(members) ? members.map((_one, index) => locate(schema, keyword, index)) : [];
  });
  return [schema as Located<JsonObject>, ...composed.flatMap((one) => listParts(document, one, level + 1))];
}

function followOrNothing(document: OpenApiDocument, schema: Located): Located {
  try {
    return document.follow(schema);
  } catch {
    return { ...schema, value: undefined };
  }
}

function findProperty(part: Located<JsonObject>, key: string): Located | undefined {
  const { properties } = part.value;
  return isJsonObject(properties) && Object.hasOwn(properties, key) ? locate(part, 'properties', key) : undefined;
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
