import { exec, query, type JsonValue } from 'jsonpath-rfc9535';
import { isJsonObject } from '../../json/json-object.js';

/** Members that are kept: all of it, or some by their name or place. */
type Kept = true | Map<string | number, Kept>;

/** A path of names: `items[].customer.name`. */
const NAMES = /^(?:\[\]\.?)?[^.[\]$]+(?:\[\])*(?:\.[^.[\]]+(?:\[\])*)*$/;

/** Whether a text is a path of names, or JSONPath. */
export function isFieldPath(field: string): boolean {
  if (!field.startsWith('$')) return NAMES.test(field);
  try {
    query(null, field);
    return true;
  } catch {
    return false;
  }
}

/**
 * Keeps what some paths lead to, and what is around it. Items of lists in which nothing is found are left out.
 *
 * @param fields - paths of names, which are for each item if the value is a list; or JSONPath (RFC 9535)
 */
export function project(value: unknown, fields: readonly string[]): unknown {
  if (fields.includes('$')) return value;
  const kept = new Map<string | number, Kept>();
  for (const field of fields)
    exec(value as JsonValue, toJsonPath(field, Array.isArray(value)), (_found, path) => {
      mark(kept, path);
    });
  return select(value, kept);
}

function toJsonPath(field: string, isList: boolean): string {
  if (field.startsWith('$')) return field;
  const names = field.replace(/^\[\]\.?/, '').split('.');
  const steps = names.map((name) => {
    const [member, ...lists] = name.split('[]');
    return `[${JSON.stringify(member)}]${'[*]'.repeat(lists.length)}`;
  });
  return `$${isList ? '[*]' : ''}${steps.join('')}`;
}

/** @param path - not empty, as `$` alone keeps all */
function mark(root: Map<string | number, Kept>, path: readonly (string | number)[]): void {
  let one = root;
  for (const member of path.slice(0, -1)) {
    const known = one.get(member);
    if (known === true) return;
    const next = known ?? new Map<string | number, Kept>();
    one.set(member, next);
    one = next;
  }
  for (const last of path.slice(-1)) one.set(last, true);
}

function select(value: unknown, kept: Kept): unknown {
  if (kept === true) return value;
  if (Array.isArray(value))
    return value.flatMap((one: unknown, index) => {
      const member = kept.get(index);
      return member === undefined ? [] : [select(one, member)];
    });
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) => {
      const member = kept.get(name);
      return member === undefined ? [] : [[name, select(one, member)]];
    }),
  );
}
