import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A fault in an OpenAPI document, with the place where it is. */
export class DocumentProblem extends Error {
  override readonly name = 'DocumentProblem';
  /** File and JSON Pointer, such as `orders.yaml#/paths/~1orders/get`. Paths below the working directory are relative to it. */
  readonly place: string;

  /**
   * @param place - file and JSON Pointer. A file is a `file:` URL
   * @param problem - what is wrong there, and how it can be mended
   * @param isLimit - whether a limit was exceeded, so that nothing more is read
   */
  constructor(
    place: string,
    readonly problem: string,
    readonly isLimit = false,
  ) {
    const shown = showPlace(place);
    super(`${shown}: ${problem}`);
    this.place = shown;
  }
}

/** Writes a file as people do: by its path, relative to the working directory if it is below. A query may be a secret, and is left out. */
export function showPlace(place: string): string {
  const end = place.search(/#| \(/);
  const file = end < 0 ? place : place.slice(0, end);
  if (/^https?:/.test(file)) return `${file.replace(/\?.*$/s, '')}${place.slice(file.length)}`;
  if (!file.startsWith('file:')) return place;
  try {
    const path = fileURLToPath(file);
    const short = relative(process.cwd(), path);
    return `${short === '' || short.startsWith('..') ? path : short}${place.slice(file.length)}`;
  } catch {
    return place;
  }
}
