import type { ReadBudget } from './document-limits.js';
import { DocumentProblem } from './document-problem.js';

/** A value, as it was written. */
export interface ParsedText {
  readonly value: unknown;
  /** Members that objects of a JSON text have. */
  readonly members?: number;
}

/**
 * Reads JSON or YAML, whatever the name of the file says.
 *
 * @param place - of the file, for messages
 * @throws {@link DocumentProblem} with line and column
 */
export async function parseText(place: string, text: string, budget: ReadBudget): Promise<ParsedText> {
  const start = text.slice(0, 512).trimStart();
  if (start === '' && text.trim() === '') throw new DocumentProblem(place, 'is empty. Write an OpenAPI document there');
  if (/^<(!doctype|html|head|body|\?xml|!--)/i.test(start))
    throw new DocumentProblem(
      place,
      'is HTML or XML, not an OpenAPI document. Name the address of the JSON or YAML itself, not of a page about it',
    );
  if (!start.startsWith('{') && !start.startsWith('[')) return { value: await readYaml(place, text, budget) };
  try {
    return { value: JSON.parse(text), members: countMembers(text) };
  } catch {
    // YAML that looks like JSON, or broken JSON. The parser of YAML knows the line.
    return { value: await readYaml(place, text, budget) };
  }
}

/**
 * Reads YAML. Its parser is loaded here, as most applications have no document in YAML.
 *
 * @throws {@link DocumentProblem} with line and column
 */
export async function readYaml(place: string, text: string, budget: ReadBudget): Promise<unknown> {
  const { parseYaml } = await import('./parse-yaml.js');
  return parseYaml(place, text, budget);
}

const [QUOTE, BACKSLASH, COLON, SPACE] = [0x22, 0x5c, 0x3a, 0x20];

/** Counts the members of all objects of a JSON text. */
function countMembers(text: string): number {
  let members = 0;
  for (let index = text.indexOf('"'); index >= 0; index = text.indexOf('"', index)) {
    index += 1;
    for (let code = text.charCodeAt(index); code !== QUOTE; code = text.charCodeAt(index))
      index += code === BACKSLASH ? 2 : 1;
    index += 1;
    let code = text.charCodeAt(index);
    while (code <= SPACE) code = text.charCodeAt((index += 1));
    if (code === COLON) members += 1;
  }
  return members;
}
