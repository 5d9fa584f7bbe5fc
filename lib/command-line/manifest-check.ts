import { cleanText } from '../log/clean-text.js';
import { compareManifests } from '../manifest/compare-manifests.js';
import type { Difference } from '../manifest/difference.js';
import type { Manifest } from '../manifest/manifest.js';
import { EXIT, type CommandOutput } from './command-output.js';
import { readWrittenManifest } from './written-file.js';

/**
 * Compares what is offered with what was written, and says what is different.
 *
 * @param path - of the file that was written
 * @returns the exit code
 */
export async function checkManifest(
  path: string,
  manifest: Manifest,
  json: boolean,
  { stdout }: CommandOutput,
): Promise<number> {
  const differences = compareManifests(await readWrittenManifest(path), manifest);
  stdout.write(json ? `${JSON.stringify({ differences }, undefined, 2)}\n` : formatDifferences(differences));
  return differences.length > 0 ? EXIT.found : EXIT.ok;
}

/** A line for each difference, what is open now first. */
function formatDifferences(differences: readonly Difference[]): string {
  if (differences.length === 0) return 'Nothing differs.\n';
  const lines = differences.map(
    ({ kind, server, subject, message }) =>
      `${kind.toUpperCase().padEnd(7)}  ${cleanText(server)}: ${cleanText(subject)} ${cleanText(message)}\n`,
  );
  const opened = differences.filter(({ kind }) => kind === 'opened').length;
  return [...lines, `\ndifferences: ${differences.length}, opened: ${opened}\n`].join('');
}
