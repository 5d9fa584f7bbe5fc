/**
 * Copies arguments, so that rules and policies cannot change what the method gets, and what the method gets cannot
 * change under them. Plain objects, lists and instances with fields are frozen. What has no fields of its own, such as a
 * `File`, is not copied.
 */
export function freezeCopy<Value>(value: Value): Value {
  return copy(value, new Map()) as Value;
}

/** @param copies - what was copied already. Values may be circular */
function copy(value: unknown, copies: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (copies.has(value)) return copies.get(value);
  if (value instanceof Date) return new Date(value);
  if (ArrayBuffer.isView(value)) return structuredClone(value);
  if (value instanceof Map) {
    const entries = new Map<unknown, unknown>();
    copies.set(value, entries);
    for (const [key, one] of value) entries.set(copy(key, copies), copy(one, copies));
    return entries;
  }
  if (value instanceof Set) {
    const members = new Set<unknown>();
    copies.set(value, members);
    for (const one of value) members.add(copy(one, copies));
    return members;
  }
  const keys = Reflect.ownKeys(value).filter((key) => Object.prototype.propertyIsEnumerable.call(value, key));
  if (keys.length === 0 && !Array.isArray(value) && !isPlain(value)) return value;
  const made: object = Array.isArray(value)
    ? new Array<unknown>(value.length)
    : (Object.create(Object.getPrototypeOf(value) as object | null) as object);
  copies.set(value, made);
  for (const key of keys) {
    // A key "__proto__" must not become the prototype.
    Object.defineProperty(made, key, {
      value: copy((value as Record<PropertyKey, unknown>)[key], copies),
      enumerable: true,
    });
  }
  return Object.freeze(made);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
