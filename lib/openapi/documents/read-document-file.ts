import { open, realpath, stat } from 'node:fs/promises';
import { dirname, relative, isAbsolute, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeError } from '../../errors/reason.js';
import type { ReadBudget } from './document-limits.js';
import { DocumentProblem } from './document-problem.js';

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist. Paths are relative to the working directory of the process',
  ENOTDIR: 'does not exist. Paths are relative to the working directory of the process',
  EACCES: 'may not be read by this process. Change its permissions',
  EPERM: 'may not be read by this process. Change its permissions',
  ELOOP: 'is a symbolic link in a circle. Mend the link',
  ENAMETOOLONG: 'has a name that is too long. Give its path or URL',
};

/**
 * Reads a file.
 *
 * @param url - a `file:` URL
 * @param within - real path of a directory that it has to be in. `undefined`: anywhere
 * @throws {@link DocumentProblem} if it cannot, or may not, be read
 */
export async function readDocumentFile(url: URL, within: string | undefined, budget: ReadBudget): Promise<Uint8Array> {
  const place = url.href;
  try {
    const path = await realpath(toPath(url));
    if (within !== undefined && !isWithin(path, within))
      throw new DocumentProblem(
        place,
        'is outside of the directory of the document. Move it there, or set `letReferencesReadAnyFile`',
      );
    const kind = await stat(path);
    if (kind.isDirectory()) throw new DocumentProblem(place, 'is a directory. Name the file in it');
    if (!kind.isFile()) throw new DocumentProblem(place, 'is no regular file. Name one');
    if (kind.size > budget.sizeLeft) throw budget.tooLarge(place);
    return await readUpTo(path, place, budget);
  } catch (error) {
    if (error instanceof DocumentProblem) throw error;
    const { code = '' } = error as { code?: string };
    throw new DocumentProblem(place, FAULTS[code] ?? `cannot be read: ${describeError(error)}`);
  }
}

/** Real path of the directory that a file is in. */
export async function findDirectory(url: URL): Promise<string> {
  return dirname(await realpath(toPath(url)));
}

/** @throws {@link DocumentProblem} for a file of another machine */
function toPath(url: URL): string {
  if (url.host !== '') throw new DocumentProblem(url.href, 'is a file of another machine. Copy it here');
  return fileURLToPath(url);
}

function isWithin(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** The file may grow while it is read. */
async function readUpTo(path: string, place: string, budget: ReadBudget): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of file.createReadStream({ highWaterMark: 1 << 20, autoClose: false })) {
      budget.checkTime(place);
      budget.countSize(place, (chunk as Uint8Array).byteLength);
      chunks.push(chunk as Uint8Array);
    }
    return Buffer.concat(chunks);
  } finally {
    await file.close();
  }
}
