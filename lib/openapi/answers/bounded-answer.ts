import type { JsonObject } from '../../json/json-object.js';
import { cleanText } from '../../log/clean-text.js';
import { fitJson, type FittedJson, type LeftOut } from './fitted-json.js';

/** Things that are named of those left out. */
const MAX_NAMED = 5;

/** Characters of a path. */
const MAX_PATH = 100;

/** Attempts to make room for the note of what is left out. */
const MAX_ATTEMPTS = 4;

/** Member of a result that says what is left out. */
export const LEFT_OUT = 'leftOut';

/**
 * Leaves out of an answer what is too much, and says so in a member at its beginning.
 *
 * @param maxSize - in characters of JSON
 * @param advise - says how to get the rest
 */
export function boundJson(
  value: JsonObject,
  maxSize: number,
  advise: (fitted: FittedJson) => string,
): { readonly value: JsonObject; readonly leftOut: readonly LeftOut[] } {
  if (JSON.stringify(value).length <= maxSize) return { value, leftOut: [] };
  let room = maxSize;
  let bounded: JsonObject = {};
  let leftOut: readonly LeftOut[] = [];
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const fitted = fitJson(value, Math.max(2, room));
    const note = [...describe(fitted.leftOut), advise(fitted)].filter((one) => one !== '').join(' ');
    bounded = { [LEFT_OUT]: note, ...fitted.value };
    leftOut = fitted.leftOut;
    const excess = JSON.stringify(bounded).length - maxSize;
    if (excess <= 0) break;
    room = JSON.stringify(fitted.value).length - excess;
  }
  return { value: bounded, leftOut };
}

/** Names what was left out, the largest first. */
function describe(leftOut: readonly LeftOut[]): readonly string[] {
  const sorted = [...leftOut].sort((one, other) => other.size - one.size);
  const named = sorted.slice(0, MAX_NAMED).map(({ path, items, size }) => {
    const name = path === '' ? '""' : cleanText(path, MAX_PATH);
    return items
      ? `${name}: ${items.total - items.kept} of ${items.total} items are left out.`
      : `${name} is left out (${size} characters).`;
  });
  const others = sorted.length - named.length;
  return others > 0 ? [...named, `So are ${others} other parts.`] : named;
}

/**
 * Cuts a text at the end of a line, or else between two characters.
 *
 * @param maxSize - in characters
 * @returns the text, and what to say of it
 */
export function boundText(text: string, maxSize: number): { readonly text: string; readonly note: string | undefined } {
  if (text.length <= maxSize) return { text, note: undefined };
  const line = text.lastIndexOf('\n', maxSize);
  const isHalf = /[\uD800-\uDBFF]$/.test(text.slice(0, maxSize));
  const end = line > 0 ? line : isHalf ? maxSize - 1 : maxSize;
  const left = text.slice(end).replace(/^\n/, '');
  const lines = left.split('\n').filter((one) => one !== '').length;
  return { text: text.slice(0, end), note: `${left.length} characters in ${lines} lines are left out.` };
}
