/** JSON for people, with short lists on one line. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2).replace(/\[\n\s+([^[\]{}]*?)\n\s+\]/g, (_all, items: string) => {
    return `[${items.replace(/,\n\s+/g, ', ')}]`;
  });
}

/** An argument of a POSIX shell. */
export function quote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}

/** The lines of a form: the name of each field, and what to type. Fields without a value are left out. */
export function formatFields(fields: readonly (readonly [name: string, value: string | undefined])[]): string {
  return fields.flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}`])).join('\n');
}
