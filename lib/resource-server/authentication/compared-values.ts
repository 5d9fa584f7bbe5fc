/** Characters of a value, and how many values are named. */
const MAX_LENGTH = 200;
const MAX_VALUES = 5;

/**
 * Says which value came, and which were wanted. It is for operators alone. The text is not cleaned: the log and the
 * audit do that.
 *
 * @param what - what has the value, such as "its iss"
 * @param came - of a stranger, and of any type
 */
export function compareValues(what: string, came: unknown, wanted: readonly string[]): string {
  return `${what} is ${tell(came)}, and wanted is ${tell(wanted)}`;
}

function tell(value: unknown): string {
  if (typeof value === 'string') return `"${value.length > MAX_LENGTH ? `${value.slice(0, MAX_LENGTH)}...` : value}"`;
  if (!Array.isArray(value))
    return value === undefined ? 'missing' : `of type ${value === null ? 'null' : typeof value}`;
  const [more, some] = [value.length - MAX_VALUES, value.slice(0, MAX_VALUES)];
  const named = some.map((one: unknown) => (Array.isArray(one) ? 'a list' : tell(one))).join(' or ');
  if (named === '') return 'an empty list';
  return more > 0 ? `${named} or one of ${more} others` : named;
}
