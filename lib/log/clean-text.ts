/**
 * Characters that change how a text around them reads: control characters, ends of lines, marks that turn the direction
 * of writing, other characters without a shape, and halves of characters.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Maximum characters of one text in the log, in an audit event or in a span. */
const MAX_LENGTH = 2_000;

/** Replaces what changes how a text reads by escape sequences of JSON, such as `\u001b`. */
export function escapeUnseen(text: string): string {
  return text.replace(UNSEEN, (character) =>
    Array.from({ length: character.length }, (_, index) => toEscape(character.charCodeAt(index))).join(''),
  );
}

/**
 * Makes a text of a stranger fit for a log: it stays on its line, it moves no cursor, and it is not long.
 *
 * @param maxLength - in characters. What is over is cut off, and marked with three dots
 */
export function cleanText(text: string, maxLength = MAX_LENGTH): string {
  const clean = escapeUnseen(text.slice(0, maxLength));
  return text.length > maxLength || clean.length > maxLength ? `${clean.slice(0, maxLength)}...` : clean;
}

function toEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
