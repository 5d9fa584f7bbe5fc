/** Ends of sentences, behind which a text can be cut. */
const SENTENCE_END = /[.!?](?=\s)|\n\n/g;

/** What changes how a text reads, without a shape of its own. Ends of lines and tabs stay. */
const UNSEEN = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Makes a text of a document fit for a model: without characters that cannot be seen, and not long.
 *
 * @param maxLength - in characters. A longer text is cut behind a sentence, else behind a word
 */
export function boundText(text: string, maxLength: number): string {
  const clean = text
    .slice(0, maxLength * 4)
    .replace(UNSEEN, '')
    .replace(/[ \t]+\n/g, '\n')
    .trim();
  if (clean.length <= maxLength) return clean;
  const kept = clean.slice(0, maxLength);
  const end = [...kept.matchAll(SENTENCE_END)].at(-1)?.index;
  if (end !== undefined && end > maxLength / 3) return kept.slice(0, end + 1).trim();
  return `${kept.slice(0, Math.max(kept.lastIndexOf(' '), maxLength - 20)).trim()}...`;
}
