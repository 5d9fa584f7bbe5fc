import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

const SAMPLE = 'sample/production/prometheus';

interface RuleTest {
  readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts?: readonly unknown[] }[];
}

const { groups } = parse(readFileSync(`${SAMPLE}/alerts.yaml`, 'utf8')) as {
  groups: { rules: { alert: string }[] }[];
};
const names = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)).toSorted();
const { tests } = parse(readFileSync(`${SAMPLE}/alerts.test.yaml`, 'utf8')) as { tests: RuleTest[] };
const [well, ...faults] = tests.map((each) => each.alert_rule_test);

test('each alert has a test of its fault, and is silent where all is well', () => {
  expect(well?.map(({ alertname }) => alertname).toSorted()).toEqual(names);
  expect(well?.filter(({ exp_alerts }) => exp_alerts !== undefined)).toEqual([]);
  const firing = faults.flat().filter(({ exp_alerts = [] }) => exp_alerts.length > 0);
  expect([...new Set(firing.map(({ alertname }) => alertname))].toSorted()).toEqual(names);
});

test('the alert on exchanges that an operator has to mend counts each code that is for operators', () => {
  const codes = readFileSync('lib/errors/error-codes.ts', 'utf8');
  const [, union = ''] = /type OperatorActionCode =([^;]*);/.exec(codes) ?? [];
  const expected = [...union.matchAll(/'(\w+)'/g)].map(([, code = '']) => code);
  const [, selector = ''] =
    /alert: McpExchangesMisconfigured\n[^]*?outcome=~"([^"]+)"/.exec(readFileSync(`${SAMPLE}/alerts.yaml`, 'utf8')) ??
    [];
  expect(expected.length).toBeGreaterThan(2);
  expect(expected.filter((code) => !new RegExp(`^(?:${selector})$`).test(code))).toEqual([]);
});

const isExpected = process.env.REQUIRE_PROMTOOL !== undefined || spawnSync('promtool', ['--version']).status === 0;

(isExpected ? describe : describe.skip)('by promtool (not run where it is not on PATH)', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'prometheus-'));
    await cp(SAMPLE, folder, { recursive: true });
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Runs it in a copy of the folder of the sample. Gives what it says, if it fails. */
  async function findFaults(...args: readonly string[]): Promise<string> {
    return await new Promise((resolve) => {
      execFile('promtool', args, { cwd: folder }, (error, out, told) => {
        resolve(error ? `${error.message}\n${out}${told}` : '');
      });
    });
  }

  test.each([
    ['check', 'config', 'prometheus.yaml'],
    ['check', 'rules', 'alerts.yaml'],
    ['test', 'rules', 'alerts.test.yaml'],
  ])('%s %s %s', async (...args) => {
    expect(await findFaults(...args)).toBe('');
  });

  test('an alert that never fires, and one that always does, are found', async () => {
    const path = join(folder, 'alerts.yaml');
    const text = await readFile(path, 'utf8');
    for (const bound of ['> 0.99', '> -1']) {
      await writeFile(path, text.replace('> 0.05', bound));
      expect(await findFaults('test', 'rules', 'alerts.test.yaml')).toContain('alertname: McpCallsFail');
    }
    await writeFile(path, text);
  });
});
