import { pathToFileURL } from 'node:url';
import { isJsonObject, type JsonObject } from '../../json/json-object.js';
import { describeError } from '../../errors/reason.js';
import { waitFor } from '../../time/time-limit.js';
import type { ReadBudget } from './document-limits.js';
import type { DocumentSource } from './document-options.js';
import { DocumentProblem } from './document-problem.js';

/** Stands for the place of a document that came from no file, in messages. */
export const GIVEN = 'document';

/** Where a document is: a URL (`file:`, `https:`), or the document itself. */
export type FoundSource = { readonly url: URL } | { readonly value: JsonObject };

/**
 * Finds out where a document is. A function is asked.
 *
 * @throws {@link DocumentProblem} if it is nowhere
 */
export async function findSource(source: DocumentSource, budget: ReadBudget): Promise<FoundSource> {
  const found: unknown = typeof source === 'function' ? await ask(source, budget) : source;
  if (found instanceof URL) return { url: found };
  if (typeof found === 'string') return { url: toUrl(found) };
  if (isJsonObject(found)) return { value: found };
  throw new DocumentProblem(
    GIVEN,
    `is ${found === null ? 'null' : typeof found}, not a document. Return a path, a URL, or the document as an object`,
  );
}

async function ask(source: () => unknown, budget: ReadBudget): Promise<unknown> {
  try {
    return await waitFor(Promise.resolve(source()), budget.timeLeft, () => budget.tooSlow(GIVEN));
  } catch (error) {
    if (error instanceof DocumentProblem) throw error;
    throw new DocumentProblem(GIVEN, `The function threw: ${describeError(error)}`);
  }
}

function toUrl(text: string): URL {
  if (/[\n{]/.test(text))
    throw new DocumentProblem(
      GIVEN,
      'is the text of a document. Give its path or URL, or the object that was parsed from it',
    );
  // One letter is a drive of Windows.
  if (/^[a-z][a-z\d+.-]+:/i.test(text) && URL.canParse(text)) return new URL(text);
  return pathToFileURL(text);
}
