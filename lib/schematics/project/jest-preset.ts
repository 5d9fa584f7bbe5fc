import { posix } from 'node:path';
import type { Tree } from '@angular-devkit/schematics';
import { readPackage, writeJson } from './package-file.js';
import type { Project } from './project.js';

/** What a file of JSON says of jest. */
interface JestConfiguration {
  readonly preset?: string;
}

/**
 * Sets the preset of this package in what jest is configured with: in `package.json`, and in `test/jest-e2e.json`.
 *
 * @returns the files that somebody has to change by hand
 */
export function setJestPreset(tree: Tree, { root, manifest }: Project): readonly string[] {
  const preset = manifest.type === 'module' ? 'nestjs-mcp-auth/esm' : 'nestjs-mcp-auth';
  const byHand: string[] = [];
  const set = <T extends JestConfiguration>(path: string, jest: T): T => {
    if (jest.preset !== undefined && jest.preset !== preset) byHand.push(path);
    return jest.preset === undefined ? { preset, ...jest } : jest;
  };
  const own = readPackage(tree);
  if (own.jest !== undefined) writeJson(tree, 'package.json', { ...own, jest: set('package.json', own.jest) });
  for (const path of new Set(['test/jest-e2e.json', posix.join(root, 'test/jest-e2e.json')])) {
    if (!tree.exists(path)) continue;
    const jest = parseJson(tree.readText(path));
    // Jest reads a file with comments. They would be lost here.
    if (jest === undefined) byHand.push(path);
    else writeJson(tree, path, set(path, jest));
  }
  const files = tree.getDir('/').subfiles.filter((name) => /^jest\.config\.[cm]?[jt]s(on)?$/.test(name));
  return [...byHand, ...files.filter((name) => !tree.readText(name).includes('nestjs-mcp-auth'))];
}

function parseJson(text: string): JestConfiguration | undefined {
  try {
    return JSON.parse(text) as JestConfiguration;
  } catch {
    return undefined;
  }
}
