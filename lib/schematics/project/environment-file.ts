import type { Tree } from '@angular-devkit/schematics';

/** A variable of the environment. */
export interface Variable {
  readonly name: string;
  /** A value that has the right form. */
  readonly example: string;
  /** Where the value is found, for people. */
  readonly words: string;
}

/** Adds variables to a file such as `.env`. Those that it has keep their values. Makes the file if there is none. */
export function addVariables(tree: Tree, path: string, variables: readonly Variable[]): void {
  const text = tree.exists(path) ? tree.readText(path) : '';
  const missing = variables.filter(({ name }) => !new RegExp(`^\\s*(export\\s+)?${name}\\s*=`, 'm').test(text));
  if (missing.length === 0) return;
  const added = missing.map(({ name, example, words }) => `${wrap(words)}\n${name}=${example}\n`).join('\n');
  const start = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  const content = start === '' ? added : `${start}\n${added}`;
  if (tree.exists(path)) tree.overwrite(path, content);
  else tree.create(path, content);
}

/** Writes a text as comments. */
function wrap(words: string): string {
  return words.replace(/(.{1,98})(\s+|$)/g, '# $1\n').trimEnd();
}
