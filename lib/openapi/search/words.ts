/** Words that say nothing about an operation. */
const EMPTY: ReadonlySet<string> = new Set(
  'a all an and any api are as at be by do for from how i in into is it me my of on or our that the their this to using via want what which with you your'.split(
    ' ',
  ),
);

/** What methods do, in words that models use for it. */
const VERBS: Readonly<Record<string, string>> = {
  GET: 'get list read show find fetch retrieve',
  HEAD: 'check exists',
  POST: 'create add new post',
  PUT: 'replace set update put',
  PATCH: 'update change modify edit patch',
  DELETE: 'delete remove',
};

/** What an operation of a method does, in words. */
export function describeMethod(method: string): string {
  return VERBS[method] ?? method;
}

/** Splits names, paths and sentences into words: `listOrders`, `orders_v2` and `HTTPServer` have two each. */
export function splitWords(text: string): string[] {
  return text
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

/**
 * The form under which a word is kept and looked up: small, and singular.
 *
 * @returns `null` for a word that says nothing
 */
export function toTerm(word: string): string | null {
  const small = word.toLowerCase();
  if (EMPTY.has(small)) return null;
  if (small.length > 4 && small.endsWith('ies')) return `${small.slice(0, -3)}y`;
  if (small.length > 4 && /(?:ss|sh|ch|x|z)es$/.test(small)) return small.slice(0, -2);
  return small.length > 3 && /[^su]s$/.test(small) ? small.slice(0, -1) : small;
}
