import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { isReference, locate, type Located, type OpenApiDocument } from '../documents/open-api-document.js';
import { isPattern, listProperties } from './schema-keywords.js';
import type { Direction, Schema } from './translated-schema.js';

/** What the members of an object are translated with. */
export interface MemberTranslation {
  readonly document: OpenApiDocument;
  readonly direction: Direction;
  readonly onDropped: (node: Located, keyword: string) => void;
  readonly translate: (node: Located) => Schema;
}

/** Translates the keywords of an object that are about its members. */
export function translateMembers(translation: MemberTranslation, node: Located<JsonObject>): Schema {
  const { required, dependentRequired } = node.value;
  const properties = new Map<string, Schema>();
  const withheld = new Set<string>();
  for (const name of listProperties(node.value)) {
    const property = locate(node, 'properties', name);
    if (isWithheld(translation, property)) withheld.add(name);
    else properties.set(name, translation.translate(property));
  }
  const needed = new Set(readNames(required).filter((name) => !withheld.has(name)));
  // Validators in strict mode want each required property to be named.
  for (const name of needed) if (!properties.has(name)) properties.set(name, {});
  const dependent = readDependent(dependentRequired, withheld);
  return {
    ...(properties.size > 0 && { properties: Object.fromEntries(properties) }),
    ...(needed.size > 0 && { required: [...needed] }),
    ...(dependent.length > 0 && { dependentRequired: Object.fromEntries(dependent) }),
    ...translateOthers(translation, node, [...properties.keys()]),
    ...(withheld.size > 0 && { withheld: [...withheld] }),
  };
}

/** Whether a property is none for this direction (OpenAPI 3.1, Schema Object, `readOnly` and `writeOnly`). */
function isWithheld({ document, direction }: MemberTranslation, property: Located): boolean {
  const keyword = direction === 'input' ? 'readOnly' : 'writeOnly';
  const says = ({ value }: Located) => isJsonObject(value) && value[keyword] === true;
  const target = isReference(property.value) ? document.follow(property) : property;
  if (says(property) || says(target)) return true;
  const { allOf } = isJsonObject(target.value) ? target.value : {};
  return Array.isArray(allOf) && allOf.some((_part, index) => says(document.follow(locate(target, 'allOf', index))));
}

/** What holds for members without a name of their own. A pattern that cannot be kept allows all of them. */
function translateOthers(
  { document, translate, onDropped }: MemberTranslation,
  node: Located<JsonObject>,
  names: readonly string[],
): Schema {
  const { patternProperties, propertyNames, allOf, anyOf, oneOf, $ref } = node.value;
  const isComposed = [allOf, anyOf, oneOf, $ref].some((one) => one !== undefined);
  const keyword =
    node.value.additionalProperties === undefined && !isComposed ? 'unevaluatedProperties' : 'additionalProperties';
  const others = document.isBefore31 ? node.value.additionalProperties : node.value[keyword];
  const patterns = Object.keys(isJsonObject(patternProperties) ? patternProperties : {});
  const isLegal = (pattern: string) => isPattern(pattern) && !names.some((name) => new RegExp(pattern, 'u').test(name));
  for (const pattern of patterns) if (!isPattern(pattern)) onDropped(node, 'patternProperties');
  if (!patterns.every(isLegal)) return {};
  return {
    ...(patterns.length > 0 && {
      patternProperties: Object.fromEntries(
        patterns.map((pattern) => [pattern, translate(locate(node, 'patternProperties', pattern))]),
      ),
    }),
    ...(others === false && { additionalProperties: false }),
    ...(isJsonObject(others) && Object.keys(others).length > 0
      ? { additionalProperties: translate(locate(node, document.isBefore31 ? 'additionalProperties' : keyword)) }
      : {}),
    ...(isJsonObject(propertyNames) &&
      names.length === 0 &&
      isPattern(propertyNames.pattern) && { propertyNames: { type: 'string', pattern: propertyNames.pattern } }),
  };
}

function readNames(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

function readDependent(
  value: unknown,
  withheld: ReadonlySet<string>,
): readonly (readonly [string, readonly string[]])[] {
  return Object.entries(isJsonObject(value) ? value : {})
    .filter(([name]) => !withheld.has(name))
    .map(([name, needed]) => [name, [...new Set(readNames(needed))].filter((one) => !withheld.has(one))] as const)
    .filter(([, needed]) => needed.length > 0);
}
