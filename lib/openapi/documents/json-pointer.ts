import { isJsonObject } from '../../json/json-object.js';

/** Adds members to a JSON Pointer (RFC 6901 section 3). */
export function extendPointer(pointer: string, ...members: readonly (string | number)[]): string {
  return members.reduce<string>(
    (path, one) => `${path}/${String(one).replaceAll('~', '~0').replaceAll('/', '~1')}`,
    pointer,
  );
}

/**
 * Finds the value that a JSON Pointer leads to (RFC 6901 section 4).
 *
 * @param pointer - empty, or begins with a slash
 * @returns `undefined` if there is none
 */
export function findByPointer(root: unknown, pointer: string): unknown {
  if (pointer === '') return root;
  let value = root;
  for (const member of pointer.slice(1).split('/')) {
    const name = member.replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(value)) value = /^(0|[1-9]\d*)$/.test(name) ? (value[Number(name)] as unknown) : undefined;
    else if (isJsonObject(value) && Object.hasOwn(value, name)) value = value[name];
    else return undefined;
  }
  return value;
}
