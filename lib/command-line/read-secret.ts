import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { UsageError } from './command-output.js';

/**
 * Reads a secret that arguments must not hold, because other users of the machine see them.
 *
 * @param source - a file, `-` for the standard input, or `env:` and the name of a variable
 * @throws {@link UsageError} if it is the secret itself, or there is none
 */
export async function readSecret(source: string): Promise<string> {
  if (/^eyJ[\w-]+\./.test(source))
    throw new UsageError('--token takes no token: it would be seen by others. Give a file, "-" or "env:NAME"');
  const secret = (await read(source)).trim().replace(/^Bearer +/i, '');
  if (secret === '') throw new UsageError('--token: there is no token');
  return secret;
}

async function read(source: string): Promise<string> {
  if (source === '-') return await text(process.stdin);
  if (source.startsWith('env:')) return process.env[source.slice('env:'.length)] ?? '';
  return await readFile(source, 'utf8');
}
