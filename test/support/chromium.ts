import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from '@jest/globals';
import { chromium, type Browser } from 'playwright-core';

const executablePath = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((directory) => ['chromium-headless-shell', 'chromium'].map((name) => join(directory, name)))
  .find((path) => existsSync(path));

const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Not run on a machine that has no browser, unless it has to have one. */
export const describeWithChromium: (name: string, tests: () => void) => void =
  executablePath !== undefined || process.env.REQUIRE_CHROMIUM !== undefined
    ? describe
    : (name, tests) => {
        describe.skip(`${name} (not run: there is no chromium on PATH)`, tests);
      };

/** Starts the browser that is on PATH. */
export async function launchChromium(...args: string[]): Promise<Browser> {
  if (executablePath === undefined) throw new Error('There is no chromium on PATH');
  return await chromium.launch({ executablePath, headless: true, args: [...ARGUMENTS, ...args] });
}
