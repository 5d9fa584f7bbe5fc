import { isJsonObject } from '../../json/json-object.js';

/**
 * Puts values into a body. Without a body, those that belong into it make one.
 *
 * @param members - the members that lead to each, and the value
 */
export function placeMembers(
  body: unknown,
  members: readonly (readonly [path: readonly string[], value: unknown])[],
): unknown {
  const isFilled = members.some(([path, value]) => path.length === 1 && value !== undefined);
  const start = body === undefined && isFilled ? {} : body;
  return members.reduce((placed, [path, value]) => placeMember(placed, path, value), start);
}

/**
 * Puts a value into a body, or takes it out, where the objects that lead to it are there. The body itself stays as it is.
 *
 * @param path - the members that lead to it
 * @param value - `undefined` takes it out
 * @returns the body with the value
 */
function placeMember(body: unknown, path: readonly string[], value: unknown): unknown {
  const [name = '', ...rest] = path;
  if (!isJsonObject(body)) return body;
  const others = Object.entries(body).filter(([key]) => key !== name);
  if (rest.length === 0) return Object.fromEntries(value === undefined ? others : [...others, [name, value]]);
  return Object.fromEntries(
    Object.entries(body).map(([key, one]) => [key, key === name ? placeMember(one, rest, value) : one]),
  );
}
