import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { NODE_MAJORS, renderTable, renderTypeScriptTable } from '../package/matrix.js';

const page = readFileSync('docs/considerations/compatibility.md', 'utf8');
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  engines: { node: string };
  peerDependencies: Record<string, string>;
};

/** The cells of a table, however wide its columns are. */
const cellsOf = (table: string) =>
  table
    .trim()
    .split('\n')
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim().replace(/^-+$/, '---')));

test.each([
  ['matrix', renderTable()],
  ['settings', renderTypeScriptTable()],
])('the page claims what test/package runs, and nothing else: the %s', (name, rendered) => {
  const [, table = ''] = new RegExp(`<!-- the ${name} -->([^]*?)<!-- end of the ${name} -->`).exec(page) ?? [];
  expect(cellsOf(table)).toEqual(cellsOf(rendered));
});

test('the page has each peer dependency with its range', () => {
  const ranges = new Map(
    cellsOf(page.slice(page.indexOf('## Peer dependencies')).replaceAll(/^(?!\|).*\n/gm, '')).flatMap(
      ([, names = '', range = '']) =>
        [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => [name, range.replaceAll(/`|\\/g, '')] as const),
    ),
  );
  expect(Object.fromEntries(ranges)).toEqual(manifest.peerDependencies);
});

test('the oldest Node of the table is the oldest one that the package takes', () => {
  expect(manifest.engines.node).toMatch(new RegExp(`^>=${Math.min(...NODE_MAJORS)}\\.`));
});
