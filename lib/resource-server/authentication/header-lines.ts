/**
 * Returns the value of each line of a header. Of several lines, Node keeps only the first of some headers in `headers`,
 * and joins those of others.
 *
 * @param rawHeaders - of a Node request: names and values alternate
 * @param name - in small letters
 */
export function readHeaderLines(rawHeaders: readonly string[], name: string): string[] {
  const lines: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const sent = rawHeaders[index];
    if (sent?.length === name.length && sent.toLowerCase() === name) lines.push(rawHeaders[index + 1] ?? '');
  }
  return lines;
}
