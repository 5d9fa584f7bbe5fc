import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A block of TypeScript in a document. Under a line with nothing but a file name (`` `src/main.ts`: ``) it is a file of an
 * application, which the test that follows the page compiles and runs. A comment of HTML, which readers do not see, may
 * stand before it:
 *
 * - `<!-- example of DownstreamOptions -->`: the block is properties of that type, and not of the module's options;
 * - `<!-- example with: declare const key: string; -->`: what the block takes for granted, besides `surroundings.ts`;
 * - `<!-- example not compiled: why -->`: it is left out, and counted.
 */
export interface Example {
  /** `docs/guides/nest.md:19`: the line of its first line of code. */
  readonly place: string;
  readonly file: string;
  readonly line: number;
  readonly code: string;
  /** The type that the block has properties of. */
  readonly of: string;
  readonly preamble: string;
  readonly isSkipped: boolean;
  /** Which file of an application the block is. */
  readonly path: string | undefined;
}

const BLOCK =
  /(?:^<!-- example (?<instruction>.*?) -->\n+|^`(?<path>[^`\n]+)`:\n+)?^```(?:ts|typescript)\n(?<code>.*?)^```$/gms;

/** Every example of the documents, in their order. */
export function examplesIn(files: readonly string[]): readonly Example[] {
  return files.flatMap((file) => {
    const text = readFileSync(file, 'utf8');
    return [...text.matchAll(BLOCK)].map((match) => {
      const { instruction = '', path, code = '' } = match.groups ?? {};
      const line = text.slice(0, match.index + match[0].lastIndexOf(code)).split('\n').length;
      return {
        place: `${file}:${line}`,
        file,
        line,
        code,
        of: /^of (.*)$/.exec(instruction)?.[1] ?? 'McpAuthModuleOptions',
        preamble: /^with:(.*)$/s.exec(instruction)?.[1]?.trim() ?? '',
        isSkipped: instruction.startsWith('not compiled: '),
        path,
      };
    });
  });
}

/** What the build of the site writes. */
const GENERATED = ['docs/.vitepress/', 'docs/reference/api/'];

/** The documents that are for users. */
export const documents: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...[...markdownIn('docs'), ...markdownIn('sample')].toSorted(),
];

function markdownIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.includes('node_modules'))
    .map((file) => join(folder, file))
    .filter((file) => !GENERATED.some((part) => file.startsWith(part)));
}
