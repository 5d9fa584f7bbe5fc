/**
 * Levels of JSON that are accepted from others: in messages, tokens, and answers of issuers and APIs. Code that follows
 * the levels, in this package or in others, would run out of stack with a few thousand.
 */
export const MAX_DEPTH = 100;

/** Whether a value has more than {@link MAX_DEPTH} levels of objects and arrays. A value in itself has. */
export function isTooDeep(value: unknown): boolean {
  return hasMembers(value) && isDeeperThan(MAX_DEPTH, value);
}

function isDeeperThan(levels: number, value: object): boolean {
  if (levels === 0) return true;
  for (const member of Array.isArray(value) ? (value as unknown[]) : (Object.values(value) as unknown[]))
    if (hasMembers(member) && isDeeperThan(levels - 1, member)) return true;
  return false;
}

function hasMembers(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d]);

/**
 * Whether a text has more than {@link MAX_DEPTH} levels, if it is JSON.
 *
 * @param text - in UTF-8
 */
export function isTextTooDeep(text: Uint8Array): boolean {
  let depth = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const byte = text[index] ?? 0;
    if (isInString && byte === BACKSLASH) index += 1;
    else if (byte === QUOTE) isInString = !isInString;
    else if (!isInString && CLOSING.has(byte)) depth -= 1;
    else if (!isInString && OPENING.has(byte)) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    }
  }
  return false;
}
