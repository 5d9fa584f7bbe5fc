import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { clearTimeout, setTimeout } from 'node:timers';

/** Milliseconds, on two busy cores; the first start builds the server and makes its database. */
const START_LIMIT = 300_000;
const STOP_LIMIT = 20_000;

/** Of servers on loopback, for as long as the tests run. */
export const ADMIN = { username: 'admin', password: 'admin-of-the-tests' };

/**
 * Starts a server on a loopback port that the system chooses, and waits until it says that it is ready.
 *
 * @param {string} home
 * @param {readonly string[]} options of the command
 * @param {Readonly<Record<string, string>>} [environment] what it is told besides
 * @param {'start' | 'start-dev'} [command] of `kc.sh`
 * @returns {Promise<{ origin: string, stop(): Promise<void> }>}
 */
export async function startKeycloak(home, options, environment = {}, command = 'start') {
  const child = spawn('sh', [join(home, 'bin', 'kc.sh'), command, ...LOOPBACK, ...options], {
    env: {
      ...process.env,
      KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN.username,
      KC_BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password,
      JAVA_OPTS_KC_HEAP: '-Xms128m -Xmx512m -XX:TieredStopAtLevel=1',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: the script, and Java beneath it.
    detached: true,
  });
  const kill = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has ended.
    }
  };
  const killAtExit = () => kill('SIGKILL');
  process.once('exit', killAtExit);
  const ended = once(child, 'exit');
  const stop = async () => {
    const limit = setTimeout(() => kill('SIGKILL'), STOP_LIMIT);
    kill('SIGTERM');
    await ended;
    clearTimeout(limit);
    process.off('exit', killAtExit);
  };
  try {
    return { origin: await originOf(child), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const LOOPBACK = ['--http-host=127.0.0.1', '--http-port=0', '--http-enabled=true', '--hostname-strict=false'];

async function originOf(child) {
  let output = '';
  child.stderr.on('data', (chunk) => (output += chunk));
  const limit = setTimeout(() => child.stdout.destroy(), START_LIMIT);
  try {
    for await (const line of createInterface(child.stdout)) {
      output += `${line}\n`;
      const origin = /Listening on: (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (origin) return origin;
    }
    throw new Error(`Keycloak did not start:\n${output}`);
  } finally {
    clearTimeout(limit);
    child.stdout.resume();
    child.stderr.removeAllListeners('data').resume();
  }
}
