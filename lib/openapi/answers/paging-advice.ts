import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { cleanText } from '../../log/clean-text.js';
import type { AnsweredOperation } from './answered-operation.js';
import type { LeftOut } from './fitted-json.js';
import { listPagingParameters, type PagingParameter, type PagingRole } from './paging-parameters.js';

/** Arguments that are named to ask for less. */
const MAX_NAMED = 5;

/** Characters of an identifier. */
const MAX_LENGTH = 100;

/**
 * Says how a model gets what is left out: with smaller pages, from where on, and otherwise by narrower questions.
 *
 * @param kept - the answer, without what is left out
 * @param next - arguments of the next page, as the answer says them
 */
export function advisePaging(
  called: AnsweredOperation,
  leftOut: readonly LeftOut[],
  kept: JsonObject,
  next: JsonObject | undefined,
): string {
  const found = listPagingParameters(called.input.bindings);
  const known = new Map<PagingRole, PagingParameter>(found.map((one) => [one.role, one]));
  const list = leftOut.find(({ items }) => items !== undefined);
  const count = list?.items?.kept ?? 0;
  if (!list || count === 0) return adviseNarrowing(called, found);
  const size = known.get('size');
  const further =
    adviseFurther(called, known, list.path, count, kept) ?? (next && `Other pages: ${quoteAll(Object.keys(next))}.`);
  const fewer = size && `Ask for at most ${count} at a time with "${size.key}".`;
  return [fewer, further].filter((one) => one !== undefined).join(' ') || adviseNarrowing(called, found);
}

/** Says how to get less at a time, if the answer is too large to be read. */
export function adviseLess(called: AnsweredOperation): string {
  const found = listPagingParameters(called.input.bindings);
  const size = found.find(({ role }) => role === 'size');
  return size ? `Ask for fewer at a time with "${size.key}".` : adviseNarrowing(called, found);
}

function adviseFurther(
  { args }: AnsweredOperation,
  known: ReadonlyMap<PagingRole, PagingParameter>,
  path: string,
  count: number,
  kept: JsonObject,
): string | undefined {
  const offset = known.get('offset');
  if (offset) {
    const from = args[offset.key] ?? (/index/i.test(offset.key) ? 1 : 0);
    return typeof from === 'number' ? `Go on with "${offset.key}": ${from + count}.` : `Go on with "${offset.key}".`;
  }
  const last = known.get('last');
  const id = last && findLastId(kept, path);
  if (last && id !== undefined) return `Go on with "${last.key}": ${JSON.stringify(id)}.`;
  const other = known.get('page') ?? known.get('cursor') ?? last;
  return other && `The next page is got with "${other.key}".`;
}

/** The identifier of the last item of a list. */
function findLastId(kept: JsonObject, path: string): string | number | undefined {
  const list = path.split('.').reduce<unknown>((one, name) => (isJsonObject(one) ? one[name] : undefined), kept);
  const last: unknown = Array.isArray(list) ? list.at(-1) : undefined;
  const id = isJsonObject(last) ? last.id : undefined;
  if (typeof id === 'string') return cleanText(id, MAX_LENGTH);
  return typeof id === 'number' ? id : undefined;
}

function adviseNarrowing({ input, args }: AnsweredOperation, paging: readonly PagingParameter[]): string {
  const others = input.bindings.filter(
    ({ key, ...binding }) =>
      binding.to === 'parameter' &&
      binding.parameter.in === 'query' &&
      args[key] === undefined &&
      !paging.some((one) => one.key === key),
  );
  if (others.length === 0) return '';
  return `Ask for less, for example with ${quoteAll(others.slice(0, MAX_NAMED).map(({ key }) => key))}.`;
}

function quoteAll(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
