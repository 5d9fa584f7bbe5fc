/** Stands for what is different each time: within a line, or, alone on a line, for any lines. */
const ELLIPSIS = '…';

/**
 * Whether a terminal has shown what a page says, from the first line to the last.
 *
 * @param language - of the block: `json` is compared as JSON, which pages lay out to be read
 */
export function isShown(shown: string, actual: string, language: string): boolean {
  if (language === 'json') return matchesJson(JSON.parse(shown), parseJson(actual));
  return new RegExp(`^${patternOf(shown)}$`).test(tidy(actual));
}

/**
 * Where the lines that a page shows end in what a terminal has written, among other lines.
 *
 * @returns `undefined` if they are not all there yet
 */
export function endOfShown(shown: string, actual: string): number | undefined {
  const match = new RegExp(`(?:^|\n)${patternOf(shown)}(?=\n)`).exec(actual);
  return match ? match.index + match[0].length : undefined;
}

/** What stands in a terminal: without colours, and without blanks that nobody sees. */
export function tidy(output: string): string {
  // eslint-disable-next-line no-control-regex -- colours are control characters
  const plain = output.replaceAll(/\u001B\[[\d;]*[A-Za-z]/g, '').replaceAll('\r', '');
  return plain.replaceAll(/[ \t]+$/gm, '').replace(/^\n+|\n+$/g, '');
}

function patternOf(shown: string): string {
  return tidy(shown)
    .split('\n')
    .map((line) =>
      line.trim() === ELLIPSIS ? String.raw`(?:[^\n]*\n)*?[^\n]*` : line.split(ELLIPSIS).map(escape).join('[^\n]*?'),
    )
    .join('\n');
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A string may hold ellipses; a member or an element that is nothing else stands for any others. */
function matchesJson(shown: unknown, actual: unknown): boolean {
  if (typeof shown === 'string' && shown.includes(ELLIPSIS)) {
    const text = typeof actual === 'string' ? actual : JSON.stringify(actual);
    return new RegExp(`^${shown.split(ELLIPSIS).map(escape).join('[^]*')}$`).test(text);
  }
  if (Array.isArray(shown)) {
    if (!Array.isArray(actual)) return false;
    const listed = shown.filter((element) => element !== ELLIPSIS);
    return (
      (listed.length === actual.length || (listed.length < shown.length && listed.length < actual.length)) &&
      listed.every((element, index) => matchesJson(element, actual[index]))
    );
  }
  if (typeof shown !== 'object' || shown === null) return shown === actual;
  if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) return false;
  const members = Object.entries(shown).filter(([name]) => name !== ELLIPSIS);
  const others = Object.keys(actual).filter((name) => !members.some(([known]) => known === name));
  return (
    (others.length === 0 || ELLIPSIS in shown) &&
    members.every(([name, value]) => name in actual && matchesJson(value, (actual as Record<string, unknown>)[name]))
  );
}
