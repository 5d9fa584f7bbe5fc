import { join, resolve } from 'node:path';
import ts from 'typescript';

/** What the compiler says of a file that is there in memory alone. */
export interface Complaint {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as { config: object };
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, resolve('.'));

/** Files on the disk, which several programs share. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/**
 * Compiles files as the library is compiled.
 *
 * @param files - their text by path, relative to the root of the repository
 * @param stricter - options that the library itself does not have
 */
export function complaintsOf(
  files: ReadonlyMap<string, string>,
  stricter: ts.CompilerOptions = {},
): readonly Complaint[] {
  const texts = new Map([...files].map(([path, text]) => [resolve(path), text]));
  const compilerOptions = {
    ...options,
    isolatedModules: false,
    noImplicitReturns: false,
    noUnusedLocals: false,
    noUnusedParameters: false,
    ...stricter,
  };
  const disk = ts.createCompilerHost(compilerOptions);
  const host: ts.CompilerHost = {
    ...disk,
    fileExists: (path) => texts.has(path) || disk.fileExists(path),
    directoryExists: (path) =>
      [...texts.keys()].some((one) => one.startsWith(`${path}/`)) || ts.sys.directoryExists(path),
    readFile: (path) => texts.get(path) ?? disk.readFile(path),
    getSourceFile: (path, version) => {
      const text = texts.get(path);
      if (text !== undefined) return ts.createSourceFile(path, text, version, true);
      if (!parsed.has(path)) parsed.set(path, disk.getSourceFile(path, version));
      return parsed.get(path);
    },
  };
  const program = ts.createProgram([...texts.keys()], compilerOptions, host);
  return [...texts.keys()].flatMap((path) => {
    const source = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ file, start = 0, messageText }) => ({
        file: path.slice(join(resolve('.'), '/').length),
        line: (file ? ts.getLineAndCharacterOfPosition(file, start).line : 0) + 1,
        message: ts.flattenDiagnosticMessageText(messageText, '\n'),
      }),
    );
  });
}
