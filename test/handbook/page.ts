import { readFileSync } from 'node:fs';

/**
 * A block of a page that its reader does something with. Everything that decides what a block is can be seen by readers:
 *
 * - a block in `sh` is typed into a terminal. It is the first one, unless the paragraph before the block names another
 *   ("In a second terminal, …"). What runs in another terminal goes on running while the reader reads on;
 * - a block under a line with nothing but a file name (`` `src/orders.tools.ts`: ``) is written to that file;
 * - a block in `text`, `json` or `http` is what the terminal must have shown by then: the one of the last command, or the
 *   one that the paragraph before the block names.
 *
 * A block in `ts` without a file name, or in `mermaid`, is there to be read. `<!-- not run: why -->` before a block leaves
 * it out.
 */
export type Block = Command | WrittenFile | ShownOutput;

interface Placed {
  /** `docs/get-started/first-server.md:19`: its first line. */
  readonly place: string;
  readonly text: string;
}

/** What a reader types. */
export interface Command extends Placed {
  readonly kind: 'command';
  /** From 1. */
  readonly terminal: number;
}

/** What a reader writes into a file, in whose place nothing of the old one is left. */
export interface WrittenFile extends Placed {
  readonly kind: 'file';
  readonly path: string;
}

/** What a reader must see. */
export interface ShownOutput extends Placed {
  readonly kind: 'output';
  readonly language: string;
  readonly terminal: number;
}

/** What stands below a heading of the second level. */
export interface Section {
  readonly heading: string;
  readonly blocks: readonly Block[];
}

const FENCE = /^(?<indent> *)```(?<language>[\w-]*)[^\n]*\n(?<text>.*?)^\k<indent>```$/gms;
const FILE = /^`(?<path>[^`]+)`:$/;
const LEFT_OUT = /^<!-- not run: .+ -->$/s;
const TERMINAL = /\b(first|second|third|fourth|fifth) terminal\b/gi;
const ORDINALS = ['first', 'second', 'third', 'fourth', 'fifth'];
const SHOWN = new Set(['text', 'json', 'http']);
const READ = new Set(['ts', 'mermaid']);

/**
 * Reads a page as a sequence of things to do.
 *
 * @param adapt - what becomes of its text first
 * @throws if there is a block of which it is not clear what to do
 */
export function readPage(file: string, adapt: (text: string) => string = (text) => text): readonly Section[] {
  const page = adapt(readFileSync(file, 'utf8'));
  let start = 1;
  return splitSections(page).map((text) => {
    const section = { heading: /^#+ (.*)$/m.exec(text)?.[1] ?? '', blocks: readBlocks(text, file, start) };
    start += text.split('\n').length - 1;
    return section;
  });
}

/** Lines of a block that look like headings are none. */
function splitSections(page: string): readonly string[] {
  const headings = [...page.replaceAll(FENCE, (block) => block.replaceAll('#', '.')).matchAll(/^## /gm)];
  const starts = [0, ...headings.map(({ index }) => index)];
  return starts.map((start, index) => page.slice(start, starts[index + 1]));
}

function readBlocks(section: string, file: string, start: number): readonly Block[] {
  const blocks: Block[] = [];
  let end = 0;
  let terminal = 1;
  for (const match of section.matchAll(FENCE)) {
    const { indent = '', language = '', text: raw = '' } = match.groups ?? {};
    const before =
      section
        .slice(end, match.index)
        .trim()
        .split(/\n\s*\n/)
        .at(-1)
        ?.trim() ?? '';
    end = match.index + match[0].length;
    const place = `${file}:${start + section.slice(0, match.index).split('\n').length}`;
    const text = indent === '' ? raw : raw.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    const path = FILE.exec(before)?.groups?.path;
    const named = [...before.matchAll(TERMINAL)].at(-1)?.[1]?.toLowerCase();
    if (LEFT_OUT.test(before)) continue;
    if (path !== undefined) blocks.push({ kind: 'file', place, text, path });
    else if (language === 'sh') {
      terminal = named === undefined ? 1 : ORDINALS.indexOf(named) + 1;
      blocks.push({ kind: 'command', place, text, terminal });
    } else if (SHOWN.has(language)) {
      const shownIn = named === undefined ? terminal : ORDINALS.indexOf(named) + 1;
      blocks.push({ kind: 'output', place, text, language, terminal: shownIn });
    } else if (!READ.has(language)) throw new Error(`${place}: what is a reader to do with a block in "${language}"?`);
  }
  return blocks;
}
