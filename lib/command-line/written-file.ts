import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeError } from '../errors/reason.js';
import type { Manifest } from '../manifest/manifest.js';
import { readManifest } from '../manifest/read-manifest.js';

/** Begins the first line of a class that was written. The digest of the rest follows. */
const HEADER = '// Written by nestjs-mcp-auth openapi. Digest: ';

/** Begins the line with the manifest, at the end of a class that was written. */
const MANIFEST = '// Manifest: ';

/** Member of a manifest that was written to a file: the digest of the rest. */
const DIGEST = 'digest';

/** Makes the text of a class, with what it was made from. */
export function toClassFile(source: string, manifest: Manifest): string {
  // JSON may have the ends of lines of JavaScript that would end the comment.
  const line = JSON.stringify(manifest).replace(/[\u2028\u2029]/g, (end) => (end === '\u2028' ? '\\u2028' : '\\u2029'));
  const rest = `${source}\n// What the class was written from, for --check. Do not edit.\n${MANIFEST}${line}\n`;
  return `${HEADER}${digest(rest)}\n${rest}`;
}

/** Makes the text of a manifest. */
export function toManifestFile(manifest: Manifest): string {
  return `${JSON.stringify({ ...manifest, [DIGEST]: digestManifest(manifest) }, undefined, 2)}\n`;
}

/**
 * Writes a file, and makes its folder if that is not there.
 *
 * @param force - writes over a file that this command did not write, or that somebody has edited
 * @throws Error if there is such a file
 */
export async function writeOwnFile(path: string, text: string, force: boolean): Promise<void> {
  const known = await readIfThere(path);
  if (known !== undefined && !force && !isUnedited(known))
    throw new Error(`${path} was not written by this command, or was edited since. To write over it, add --force`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/**
 * Reads the manifest of a file that was written: a class, or the manifest itself.
 *
 * @throws Error if the file has none
 */
export async function readWrittenManifest(path: string): Promise<Manifest> {
  const text = await readFile(path, 'utf8');
  const line = text.split('\n').findLast((one) => one.startsWith(MANIFEST));
  try {
    return readManifest(line === undefined ? text : line.slice(MANIFEST.length));
  } catch (error) {
    throw new Error(`${path}: ${describeError(error)}`, { cause: error });
  }
}

function isUnedited(text: string): boolean {
  if (text.startsWith(HEADER)) {
    const end = text.indexOf('\n');
    return text.slice(HEADER.length, end) === digest(text.slice(end + 1));
  }
  try {
    const { [DIGEST]: written } = JSON.parse(text) as Record<string, unknown>;
    return written === digestManifest(readManifest(text));
  } catch {
    return false;
  }
}

/** A formatter may write the same manifest in other lines. */
function digestManifest(manifest: Manifest): string {
  return digest(JSON.stringify(manifest));
}

function digest(text: string): string {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex');
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
