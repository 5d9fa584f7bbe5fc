import { createHash } from 'node:crypto';

/** What model APIs accept as the key of a property. */
const LEGAL = /^[A-Za-z0-9_.-]{1,64}$/;

/** Characters of the mark that tells aliases apart. */
const MARK = 6;

/**
 * Whether models and validators take a key as it is. Validators in JavaScript find what every object inherits, such as
 * `constructor`, where nothing was sent.
 */
export function isLegalKey(key: string): boolean {
  return LEGAL.test(key) && !(key in Object.prototype);
}

/** A legal key that reads like the other one. */
export function toLegalKey(key: string): string {
  if (isLegalKey(key)) return key;
  const legal = key
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^A-Za-z0-9_.-]+/g, '_')
    .replace(/^[_.-]+|[_.-]+$/g, '')
    .slice(0, 64);
  if (legal === '') return 'value';
  return isLegalKey(legal) ? legal : `${legal}_value`;
}

/**
 * Finds the keys that stand for those of one object that models may not write. One that another property of the object
 * has ends in a mark of its key, so that it depends on no order.
 *
 * @param keys - all keys of the object
 * @param others - keys that the same object has by other schemas
 * @returns the alias of each key that needs one
 */
export function findAliases(keys: readonly string[], others: readonly string[] = []): ReadonlyMap<string, string> {
  const illegal = keys.filter((key) => !isLegalKey(key));
  if (illegal.length === 0) return NONE;
  const taken = new Set([...keys, ...others]);
  const wanted = [...taken].filter((key) => !isLegalKey(key)).map(toLegalKey);
  const aliases = new Map<string, string>();
  for (const key of illegal) {
    const alias = toLegalKey(key);
    const isAlone = !taken.has(alias) && wanted.indexOf(alias) === wanted.lastIndexOf(alias);
    aliases.set(key, isAlone ? alias : markKey(alias, key, taken));
  }
  return aliases;
}

const NONE: ReadonlyMap<string, string> = new Map();

function markKey(alias: string, key: string, taken: ReadonlySet<string>): string {
  const hash = createHash('sha256').update(key).digest('hex');
  let marked = '';
  for (let length = MARK; marked === '' || taken.has(marked); length += 1)
    marked = `${alias.slice(0, 63 - length)}_${hash.slice(0, length)}`;
  return marked;
}
