import { parseArgs } from 'node:util';
import { findNodes } from './node-releases.js';
import type { Effort } from './turns.js';

/** What the command says. */
export interface Command {
  /** Names of sections. None stands for all. */
  readonly sections: readonly string[];
  readonly effort: Effort;
  /** Whether ratios are compared with those that were kept. */
  readonly check: boolean;
  /** Whether results are kept. */
  readonly save: boolean;
  /** Where they are kept. */
  readonly folder: string;
  readonly text: string;
}

/** Where results are kept. */
export const FOLDER = 'bench';

export const USAGE = `npm run bench -- [sections] [options]

--save            write what was measured to bench/results.json and RESULTS.md, growth.svg, and docs/reference/performance.md
--check           fail where a ratio is more than a tenth below that of bench/results.json
--nodes <majors>  releases of Node, such as 20,22,24 (the default); most is measured on the last one. "current" is the one
                  that runs this
--rounds <n>      turns of each server (3)
--seconds <n>     length of a turn (1)
--requests <n>    requests of a turn, in place of seconds. With it, all that takes long is left out: only to try the bench
--folder <path>   where results are kept, in place of bench; the page is left alone then`;

/** @throws TypeError if the command has an option that there is not */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      save: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      nodes: { type: 'string', default: '20,22,24' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '1' },
      requests: { type: 'string' },
      folder: { type: 'string', default: FOLDER },
    },
  });
  const majors = values.nodes.split(',');
  if (!majors.every((major) => /^(\d+|current)$/.test(major)))
    throw new TypeError(`--nodes has to be majors such as 22,24, and is ${values.nodes}`);
  const nodes = findNodes(majors);
  const node = nodes.at(-1);
  if (!node) throw new TypeError('--nodes names no release of Node');
  const { requests, seconds, rounds, save, check, folder } = values;
  return {
    sections: positionals,
    effort: {
      nodes,
      node,
      rounds: readNumber('rounds', rounds),
      amount:
        requests === undefined
          ? { seconds: readNumber('seconds', seconds) }
          : { requests: readNumber('requests', requests) },
    },
    save,
    check,
    folder,
    text: ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
  };
}

function readNumber(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new TypeError(`--${option} has to be a whole number from 1 up, and is ${text}`);
  return number;
}
