import { DocumentProblem } from './document-problem.js';

/**
 * Decodes the text of a file: UTF-8, or UTF-16 (YAML 1.2 section 5.2), with or without a byte order mark.
 *
 * @param place - of the file, for messages
 * @throws {@link DocumentProblem} if it is neither
 */
export function decodeText(place: string, bytes: Uint8Array): string {
  const encoding = detectEncoding(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new DocumentProblem(place, `is not text in ${encoding.toUpperCase()}. Save it as UTF-8`);
  }
}

function detectEncoding([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' {
  if (first === undefined || second === undefined) return 'utf-8';
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le';
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return 'utf-16be';
  return 'utf-8';
}
