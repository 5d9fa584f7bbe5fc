import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Runs a command to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @returns {Promise<{ status: number, output: string }>} `status` is 127 where there is no such command
 */
export async function run(command, args, options = {}) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  try {
    const [status] = await once(child, 'close');
    return { status: status ?? 1, output };
  } catch (error) {
    return { status: 127, output: String(error) };
  }
}
