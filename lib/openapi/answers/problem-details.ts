import { isJsonObject, type JsonObject } from '../../json/json-object.js';

/** Members that say what is wrong with each field (RFC 9457 section 3.2, and what frameworks make of it). */
const LISTS = ['errors', 'invalid-params', 'invalidParams', 'invalid_params', 'violations'] as const;

/** Members that name a field, by what they are called. */
const FIELDS = ['field', 'name', 'path', 'pointer', 'property', 'propertyPath', 'parameter'] as const;

/** Members that say what is wrong with a field. */
const MESSAGES = ['message', 'detail', 'reason', 'description', 'title', 'error'] as const;

/**
 * Lists what a problem says for clients: its title, its detail, and each field that is wrong (RFC 9457 section 3.1). All
 * other members are left out.
 */
export function listProblemDetails(problem: JsonObject): readonly string[] {
  const { title, detail } = problem;
  const told = [title, detail].filter((one): one is string => typeof one === 'string' && one.trim() !== '');
  return [...told, ...LISTS.flatMap((name) => listFields(problem[name]))];
}

function listFields(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((one) => describeField(one) ?? []);
  if (!isJsonObject(value)) return [];
  // ASP.NET Core: the messages of each field.
  return Object.entries(value).flatMap(([field, messages]) =>
    [messages].flat().flatMap((message) => (typeof message === 'string' ? [`- ${field}: ${message}`] : [])),
  );
}

function describeField(one: unknown): string | undefined {
  if (typeof one === 'string') return `- ${one}`;
  if (!isJsonObject(one)) return undefined;
  const source = isJsonObject(one.source) ? one.source : {};
  const field = findText(one, FIELDS) ?? findText(source, FIELDS);
  const message = findText(one, MESSAGES);
  if (message === undefined) return undefined;
  return field === undefined ? `- ${message}` : `- ${field}: ${message}`;
}

function findText(value: JsonObject, names: readonly string[]): string | undefined {
  return names
    .map((name) => (Array.isArray(value[name]) ? value[name].join('.') : value[name]))
    .find((one): one is string => typeof one === 'string' && one !== '');
}
