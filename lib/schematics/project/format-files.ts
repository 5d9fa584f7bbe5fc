import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import type { Tree } from '@angular-devkit/schematics';

interface Prettier {
  resolveConfig(path: string): Promise<object | null>;
  format(text: string, options: object): Promise<string>;
}

/**
 * Runs edits, and formats what they have written with the prettier of the project, in its style. A file that was not in
 * this style before is left as it is. Does nothing more than the edits if the project has no prettier.
 *
 * @param edits - edits the tree, and returns the paths that it wrote
 */
export async function editFormatted(tree: Tree, edits: () => readonly string[]): Promise<void> {
  const prettier = loadPrettier();
  const before = tree.branch();
  for (const path of edits()) {
    if (prettier === undefined || !path.endsWith('.ts')) continue;
    const old = before.exists(path) ? before.readText(path) : undefined;
    if (old !== undefined && old !== (await format(prettier, path, old))) continue;
    const text = tree.readText(path);
    const formatted = await format(prettier, path, text);
    if (formatted !== text) tree.overwrite(path, formatted);
  }
}

async function format(prettier: Prettier, path: string, text: string): Promise<string> {
  const filepath = join(process.cwd(), path);
  return await prettier.format(text, { ...(await prettier.resolveConfig(filepath)), filepath });
}

function loadPrettier(): Prettier | undefined {
  try {
    return createRequire(join(process.cwd(), 'package.json'))('prettier') as Prettier;
  } catch {
    return undefined;
  }
}
