import type { ApiOperation } from './api-operation.js';
import { MAX_DESCRIPTION, type NameOptions } from './name-options.js';
import { cutAfterSentence, toPlainLine, toPlainText } from './plain-text.js';

/** Characters of a title. */
const MAX_TITLE = 100;

/** Characters of what is cut off a description, and goes to the schema of the arguments. */
const MAX_REST = 4_000;

/** How a tool is described. */
export interface ToolTexts {
  /** For people. */
  readonly title: string | undefined;
  /** For the model that chooses. */
  readonly description: string;
  /** What the description has no room for. Empty if there is nothing. */
  readonly rest: string;
}

/** Describes the tool of an operation by its summary and its description, unless the document says it otherwise. */
export function describeTexts(operation: ApiOperation, { maxDescriptionLength }: NameOptions): ToolTexts {
  const { extension, summary, isDeprecated } = operation;
  const title = toPlainLine(extension.title ?? summary ?? '', MAX_TITLE);
  const told = extension.description === undefined ? describe(operation) : toPlainText(extension.description);
  const whole = isDeprecated ? `Deprecated. ${told}` : told;
  const [description, rest] = cutAfterSentence(whole, maxDescriptionLength ?? MAX_DESCRIPTION);
  return { title: title === '' ? undefined : title, description, rest: cutAfterSentence(rest, MAX_REST)[0] };
}

function describe({ summary = '', description = '', method, path }: ApiOperation): string {
  const [short, long] = [toPlainText(summary), toPlainText(description)];
  if (short === '' && long === '') return `${method} ${toPlainText(path)}`;
  const isRepeated = long.toLowerCase().startsWith(short.replace(/\W+$/, '').toLowerCase());
  return isRepeated || long === '' ? long || short : [short, long].filter((one) => one !== '').join('\n\n');
}
