/** A JSON object, not an array. */
export type JsonObject = Record<string, unknown>;

/** Whether a value is an object with members: neither `null` nor an array. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether an object has no members of its own. */
export function isEmpty(object: Readonly<JsonObject>): boolean {
  for (const name in object) if (Object.hasOwn(object, name)) return false;
  return true;
}
