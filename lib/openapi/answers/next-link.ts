import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import type { Answered } from '../../on-behalf-of/downstream/downstream-client.js';
import type { AnsweredOperation } from './answered-operation.js';

/** Members of answers that hold the address of the next page (OData, HAL, JSON:API, Django, and others). */
const MEMBERS: readonly (readonly string[])[] = [
  ['@odata.nextLink'],
  ['nextLink'],
  ['next'],
  ['links', 'next'],
  ['links', 'next', 'href'],
  ['_links', 'next', 'href'],
  ['paging', 'next'],
  ['pagination', 'next'],
  ['meta', 'next'],
];

/**
 * Finds the arguments of the next page: those of the address that the answer gives in a `Link` header (RFC 8288) or in
 * its body, as far as they are arguments of the operation.
 *
 * @returns `undefined` if there is no such address
 */
export function findNextPage(
  answer: Answered['answer'],
  value: JsonObject,
  { input, args }: AnsweredOperation,
): JsonObject | undefined {
  const link = readLink(answer) ?? readMember(value);
  if (link === undefined || !URL.canParse(link, answer.url)) return undefined;
  const { searchParams } = new URL(link, answer.url);
  const changed = input.bindings.flatMap((binding) => {
    if (binding.to !== 'parameter' || binding.parameter.in !== 'query') return [];
    const next = searchParams.get(binding.parameter.name);
    const isSame = next === null || next === toText(args[binding.key]);
    return isSame ? [] : [[binding.key, isNumber(input.schema, binding.key) ? Number(next) : next]];
  });
  return changed.length > 0 ? (Object.fromEntries(changed) as JsonObject) : undefined;
}

/** Whether the answer says in a header that there are more. Models do not see it there. */
export function hasLink({ headers }: Answered['answer']): boolean {
  return headers.link !== undefined;
}

function readLink({ headers }: Answered['answer']): string | undefined {
  const links = [headers.link ?? []].flat().join(', ');
  for (const [, target, parameters = ''] of links.matchAll(
    /<([^>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:"[^"]*"|[^\s;,"]+))?)*)/g,
  ))
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)/i.test(parameters)) return target;
  return undefined;
}

function readMember(value: JsonObject): string | undefined {
  return MEMBERS.map((path) =>
    path.reduce<unknown>((one, name) => (isJsonObject(one) ? one[name] : undefined), value),
  ).find((one): one is string => typeof one === 'string' && /^(?:https?:\/\/|\/|\?)/.test(one));
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

function isNumber({ properties }: JsonObject, key: string): boolean {
  return isJsonObject(properties) && isOfNumbers(properties[key]);
}

function isOfNumbers(schema: unknown): boolean {
  return isJsonObject(schema) && (schema.type === 'integer' || schema.type === 'number');
}
