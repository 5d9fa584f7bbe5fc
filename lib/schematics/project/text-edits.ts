import type typescript from 'typescript';

/** A text that is put into a source, and how many characters there it takes the place of. */
export interface TextEdit {
  readonly position: number;
  readonly text: string;
}

/** Puts texts into a source. */
export function applyEdits(source: string, edits: readonly TextEdit[]): string {
  const fromTheEnd = [...edits].sort((one, other) => other.position - one.position);
  return fromTheEnd.reduce(
    (result, { position, text }) => `${result.slice(0, position)}${text}${result.slice(position)}`,
    source,
  );
}

/** Reads a source as a tree of nodes, each of which knows its parent. */
export function parse(ts: typeof typescript, path: string, text: string): typescript.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/** Finds the first node of a tree that is one wanted, from the top of the file. */
export function findNode<T extends typescript.Node>(
  root: typescript.Node,
  isWanted: (node: typescript.Node) => node is T,
): T | undefined {
  if (isWanted(root)) return root;
  return root.forEachChild((child) => findNode(child, isWanted));
}

/** An import after those that are there. */
export function importEdit(ts: typeof typescript, file: typescript.SourceFile, line: string): TextEdit {
  const last = file.statements.filter((one) => ts.isImportDeclaration(one)).at(-1);
  return last === undefined ? { position: 0, text: `${line}\n` } : { position: last.getEnd(), text: `\n${line}` };
}

/** The module from which a file has a name. `undefined` if the name is not imported. */
export function findImport(ts: typeof typescript, file: typescript.SourceFile, name: string): string | undefined {
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const { name: own, namedBindings } = statement.importClause ?? {};
    const named = namedBindings !== undefined && ts.isNamedImports(namedBindings) ? namedBindings.elements : [];
    if ([own, ...named.map((one) => one.name)].some((one) => one?.text === name)) return statement.moduleSpecifier.text;
  }
  return undefined;
}
