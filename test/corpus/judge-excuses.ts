import { isDeepStrictEqual } from 'node:util';
import type { ErrorObject } from 'ajv';
import { isJsonObject, type JsonObject } from '../../lib/json/json-object.js';
import { isSteeringHeader } from '../../lib/openapi/inputs/steering-headers.js';
import { isOfType } from '../../lib/openapi/inputs/schema-values.js';
import type { JsonType } from '../../lib/openapi/inputs/schema-keywords.js';

/**
 * Why the judge refuses a request that is right. It is read from the document, at the place of the error.
 *
 * @param errors - all that the judge says
 * @param document - the document that the judge has
 * @returns `undefined` if the request is wrong
 */
export function findExcuse(errors: readonly ErrorObject[], document: JsonObject): string | undefined {
  const isInBody = ({ instancePath }: ErrorObject) => instancePath.startsWith('/requestBody');
  // Before the error of `anyOf` or `oneOf` stand those of its members. The judge stops at the first error of each part.
  const parts = [errors.filter(isInBody), errors.filter((one) => !isInBody(one))];
  const excuses = parts.flatMap((part) => {
    const last = part.at(-1);
    return last ? [excuse(last, part.slice(0, -1), document)] : [];
  });
  return excuses.every((one) => one !== undefined) ? excuses[0] : undefined;
}

function excuse(error: ErrorObject, inner: readonly ErrorObject[], document: JsonObject): string | undefined {
  const { keyword, params, instancePath } = error;
  const schema: JsonObject = error.parentSchema ?? {};
  const missing = String(params.missingProperty);
  switch (keyword) {
    case 'enum':
      return excuseValue(error, params.allowedValues as unknown[]);
    case 'type':
      return Array.isArray(schema.enum) ? excuseValue(error, schema.enum) : excuseMember(error, document);
    case 'const':
      return excuseValue(error, [params.allowedValue]);
    case 'oneOf':
      if (Array.isArray(params.passingSchemas))
        return 'Several of `oneOf` take the value. The schema of the tool has `anyOf`';
      return excuseChoices(schema.oneOf) ?? excuseOne(inner, document);
    case 'anyOf':
      return excuseChoices(schema.anyOf) ?? excuseOne(inner, document);
    case 'additionalProperties':
      if (instancePath === '/header' && params.additionalProperty === 'content-type')
        return 'The judge takes `additionalProperties` of the schema of a header for that of all headers';
      return isOfOtherPart(document, String(params.additionalProperty))
        ? 'A part of `allOf` forbids a property that another part has'
        : undefined;
    case 'not':
      return isJsonObject(schema.not) && !('enum' in schema.not)
        ? 'The schema of the tool says nothing of `not`'
        : undefined;
    case 'required':
      if (instancePath === '/header' && isSteeringHeader({ in: 'header', name: missing }))
        return 'The document requires a header that no tool may send, because it steers proxies or the server sets it';
      return isReadOnly(document, schema.required, missing)
        ? 'The document requires a `readOnly` property, which no request has. The judge does not know'
        : undefined;
    default:
      return excuseMember(error, document);
  }
}

/** A property whose value another part of `allOf` forbids. */
function excuseMember({ instancePath, parentSchema }: ErrorObject, document: JsonObject): string | undefined {
  return isOfOtherPart(document, instancePath.split('/').at(-1) ?? '', parentSchema ?? {})
    ? 'A part of `allOf` has a schema for all other properties, and another part has the property'
    : undefined;
}

/** Whether one of several alternatives only fails for a reason that excuses it. */
function excuseOne(inner: readonly ErrorObject[], document: JsonObject): string | undefined {
  return inner.map((one) => excuse(one, [], document)).find((one) => one !== undefined);
}

/** Alternatives that only say which members are required. */
function excuseChoices(choices: unknown): string | undefined {
  const isBare = (one: unknown) => isJsonObject(one) && Array.isArray(one.required) && !('properties' in one);
  return Array.isArray(choices) && choices.every(isBare)
    ? 'Alternatives differ in what they require alone. The schema of the tool has none at its top'
    : undefined;
}

/** A value of another type than its schema allows cannot be meant. */
function excuseValue(
  { parentSchema, data, instancePath }: ErrorObject,
  allowed: readonly unknown[],
): string | undefined {
  const { type, nullable } = (parentSchema ?? {}) as JsonObject;
  if (data === null) return nullable === true ? '`nullable` stands beside an `enum` without `null`' : undefined;
  const types = [type].flat().filter((one) => typeof one === 'string') as JsonType[];
  const isMeant = allowed.some((one) => String(one) === String(data));
  if (types.length === 0)
    return isMeant && !instancePath.startsWith('/requestBody')
      ? 'The judge knows no type of a parameter, so its value is a text'
      : undefined;
  const fits = (one: unknown) => types.some((own) => isOfType(one, own));
  if (!allowed.some(fits)) return 'No value of `enum` is of the `type` beside it';
  return allowed.some((one) => !fits(one) && String(one) === String(data))
    ? 'A value of `enum` is of another type than `type` beside it allows'
    : undefined;
}

/** Whether a schema of the document that requires the same has such a property. */
function isReadOnly(document: JsonObject, required: unknown, property: string): boolean {
  return someSchema(document, (schema) => {
    if (!isJsonObject(schema.properties) || !isDeepStrictEqual(schema.required, required)) return false;
    const one = follow(document, schema.properties[property]);
    return isJsonObject(one) && one.readOnly === true;
  });
}

/**
 * Whether some `allOf` has a part that lacks a property and says of all others what it says, and another part that has it.
 *
 * @param others - what that part says of all other properties
 */
function isOfOtherPart(document: JsonObject, property: string, others: JsonObject | false = false): boolean {
  const has = (one: unknown): boolean => {
    const part = follow(document, one);
    if (!isJsonObject(part)) return false;
    if (isJsonObject(part.properties) && property in part.properties) return true;
    return Array.isArray(part.allOf) && part.allOf.some(has);
  };
  const isClosed = (one: unknown) => {
    const part = follow(document, one);
    return isJsonObject(part) && isDeepStrictEqual(part.additionalProperties, others) && !has(part);
  };
  return someSchema(document, ({ allOf, ...own }) => {
    if (!Array.isArray(allOf)) return false;
    const parts = [own, ...(allOf as unknown[])];
    return parts.some(isClosed) && parts.some(has);
  });
}

function follow(document: JsonObject, value: unknown): unknown {
  if (!isJsonObject(value) || typeof value.$ref !== 'string') return value;
  const { schemas } = document.components as { readonly schemas: JsonObject };
  return schemas[value.$ref.split('/').at(-1) ?? ''];
}

function someSchema(value: unknown, is: (schema: JsonObject) => boolean): boolean {
  if (Array.isArray(value)) return value.some((one) => someSchema(one, is));
  return isJsonObject(value) && (is(value) || Object.values(value).some((one) => someSchema(one, is)));
}
