import { describe, expect, test } from '@jest/globals';
import { drawChart } from '../../bench/chart.js';
import { readCommand } from '../../bench/command.js';
import { putTable, writeReport, writeTable } from '../../bench/markdown.js';
import { addTables, findFallen, type Results, type Table } from '../../bench/results.js';

const table = (ratios: Record<string, number>, name = 'calls'): Table => ({
  name,
  title: 'Calls',
  rows: [{ server: 'ours', 'µs CPU': 1234.4, ratio: 1.234 }],
  ratios,
});
const kept = (...tables: Table[]): Results => addTables(undefined, tables, 'npm run bench -- --save');

describe('what --check compares', () => {
  test.each<[string, Record<string, number>, Record<string, number>, readonly string[]]>([
    ['the same', { sdk: 2 }, { sdk: 2 }, []],
    ['more', { sdk: 2 }, { sdk: 3 }, []],
    ['a tenth less', { sdk: 2 }, { sdk: 1.8 }, []],
    ['more than a tenth less', { sdk: 2 }, { sdk: 1.79 }, ['calls, sdk: 1.79, and 2.00 before']],
    ['one of two', { sdk: 2, nest: 4 }, { sdk: 2, nest: 3 }, ['calls, nest: 3.00, and 4.00 before']],
    ['a ratio that was not measured before', { sdk: 2 }, { nest: 0.1 }, []],
    ['a ratio that is not a number any more', { sdk: 2 }, { sdk: NaN }, ['calls, sdk: NaN, and 2.00 before']],
  ])('%s', (_case, before, now, fallen) => {
    expect(findFallen(kept(table(before)), [table(now)])).toEqual(fallen);
  });

  test('a table of another name has other ratios', () => {
    expect(findFallen(kept(table({ sdk: 2 })), [table({ sdk: 1 }, 'lists')])).toEqual([]);
  });
});

describe('what is kept', () => {
  test('a table replaces the one of its name, and others stay', () => {
    const results = addTables(kept(table({ a: 1 }), table({ b: 1 }, 'lists')), [table({ a: 2 })], 'npm run bench');
    expect(results.tables.map(({ name, ratios }) => [name, ratios])).toEqual([
      ['calls', { a: 2 }],
      ['lists', { b: 1 }],
    ]);
  });

  test('a report says the machine, the command and the figures', () => {
    const report = writeReport(kept(table({ sdk: 2 })), 'growth.svg');
    expect(report).toContain('| ours | 1,234 | 1.2 |');
    expect(report).toContain('`npm run bench -- --save`');
    expect(report).toMatch(/Machine: \d+ × /);
  });

  test('a table of a text is replaced, and what is around it stays', () => {
    const text = 'Before\n<!-- bench -->\n\nold\n\n<!-- end of bench -->\nAfter\n';
    expect(putTable(text, table({}))).toBe(
      `Before\n<!-- bench -->\n\n${writeTable(table({}))}\n\n<!-- end of bench -->\nAfter\n`,
    );
    expect(() => putTable('No place', table({}))).toThrow('<!-- bench -->');
  });

  test('a chart has a line for each server, and further down is cheaper', () => {
    const rows = [
      { tools: 10, 'McpServer & others': 3_000, ours: 1_000, 'ratio to McpServer': 3 },
      { tools: 1_000, 'McpServer & others': 30_000, ours: 1_100, 'ratio to McpServer': 27 },
    ];
    const chart = drawChart(kept({ ...table({}, 'tools/list'), rows })) ?? '';
    const lines = [...chart.matchAll(/<polyline points="([^"]+)"/g)].map(([, points = '']) =>
      points.split(' ').map((point) => point.split(',').map(Number)),
    );
    expect(lines).toHaveLength(2);
    const [other, own] = lines.map((points) => points.map(([, y]) => y));
    expect(other?.[1]).toBeLessThan(other?.[0] ?? NaN);
    expect(own?.[1]).toBeGreaterThan(other?.[1] ?? NaN);
    expect(chart).toContain('McpServer &amp; others');
    expect(chart).not.toMatch(/NaN|ratio/);
  });

  test('there is no chart of what was never measured', () => {
    expect(drawChart(kept(table({})))).toBeUndefined();
    expect(writeReport(kept(table({})), undefined)).not.toContain('![');
  });
});

describe('what the command says', () => {
  test('so much is measured', () => {
    const { effort, sections } = readCommand(['lists', '--nodes', 'current', '--requests', '5', '--rounds', '2']);
    expect(sections).toEqual(['lists']);
    expect(effort).toMatchObject({ rounds: 2, amount: { requests: 5 }, node: { path: process.execPath } });
  });

  test.each([
    ['an option that there is not', ['--fast']],
    ['no number of rounds', ['--nodes', 'current', '--rounds', 'many']],
    ['no number of requests', ['--nodes', 'current', '--requests', '0']],
    ['no number of seconds', ['--nodes', 'current', '--seconds', 'x']],
    ['no release of Node', ['--nodes', 'new']],
  ])('%s is refused', (_case, args) => {
    expect(() => readCommand(args)).toThrow(TypeError);
  });
});
