import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { clearTimeout, setTimeout } from 'node:timers';

/** Milliseconds, on two busy cores. */
const START_LIMIT = 240_000;
const STOP_LIMIT = 20_000;

/**
 * Starts a server on loopback, and waits until a line says on which port it listens.
 *
 * @param {readonly string[]} args of `java`
 * @param {RegExp} ready with the port as its group
 * @param {Readonly<Record<string, string>>} [env]
 * @returns {Promise<{ origin: string, stop(): Promise<void> }>}
 */
export async function startJava(args, ready, env = {}) {
  const child = spawn('java', ['-XX:TieredStopAtLevel=1', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killAtExit = () => child.kill('SIGKILL');
  process.once('exit', killAtExit);
  const ended = once(child, 'exit');
  const stop = async () => {
    const limit = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT);
    child.kill('SIGTERM');
    await ended;
    clearTimeout(limit);
    process.off('exit', killAtExit);
  };
  try {
    return { origin: `http://127.0.0.1:${await portOf(child, ready)}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function portOf(child, ready) {
  let output = '';
  child.stderr.on('data', (chunk) => (output += chunk));
  const limit = setTimeout(() => child.stdout.destroy(), START_LIMIT);
  try {
    for await (const line of createInterface(child.stdout)) {
      output += `${line}\n`;
      const port = ready.exec(line)?.[1];
      if (port) return port;
    }
    throw new Error(`The server did not start:\n${output.slice(-8_000)}`);
  } finally {
    clearTimeout(limit);
    child.stdout.resume();
    child.stderr.removeAllListeners('data').resume();
  }
}
