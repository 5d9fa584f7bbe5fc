import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { isDeepStrictEqual, promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isJsonObject } from '../../lib/json/json-object.js';
import type { Path } from './both-paths.js';
import type { RecordedAnswer } from './recorded-answers.setup.js';

/** Which tests are run down both paths. `npm run test:oracle` takes all of the surface. */
const TESTS = process.env.ORACLE_TESTS ?? 'test/surface/protocol-parts test/surface/described';

/** They send each message down both paths themselves. */
const WITHOUT = ['direct-', 'recorded-messages', 'same-tests'];

/** It counts what the direct path does not do again. Its answers are compared like all others. */
const COUNTS_WORK = 'list-costs';

const exec = promisify(execFile);

/** How the tests went, and what they were answered. */
interface Run {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
  readonly answers: readonly RecordedAnswer[];
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

describe(`the messages of ${TESTS}`, () => {
  let directory: string;
  let direct: Run;
  let sdk: Run;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'oracle-'));
    [direct, sdk] = await Promise.all([runTests('direct'), runTests('sdk')]);
  }, 600_000);
  afterAll(() => rm(directory, { recursive: true }));

  async function runTests(path: Path): Promise<Run> {
    const [log, report] = [join(directory, `${path}.jsonl`), join(directory, `${path}.json`)];
    const options = ['--config', 'jest.oracle.config.js', '--maxWorkers=1', '--json', `--outputFile=${report}`];
    const env = { ...process.env, COVERAGE_DIRECTORY: undefined, ORACLE_PATH: path, ORACLE_LOG: log };
    // It fails where tests fail. The report says which.
    await exec(
      'npm',
      ['run', '--silent', 'jest', '--', ...options, '--testPathIgnorePatterns', ...WITHOUT, '--', ...TESTS.split(' ')],
      { env, maxBuffer: 1e8 },
    ).catch(() => undefined);
    const { testResults } = JSON.parse(await readFile(report, 'utf8')) as Report;
    const judged = testResults.filter(({ name }) => path === 'direct' || !name.includes(COUNTS_WORK));
    const results = judged.flatMap(({ assertionResults }) => assertionResults);
    const lines = (await readFile(log, 'utf8')).trim().split('\n');
    return {
      passed: results.filter(({ status }) => status === 'passed').map(({ fullName }) => fullName),
      failed: judged.map(({ message }) => message).filter((message) => message !== ''),
      answers: lines.map((line) => JSON.parse(line) as RecordedAnswer),
    };
  }

  test('are answered so that the tests pass, whichever path answers them', () => {
    expect([direct.failed, sdk.failed]).toEqual([[], []]);
    expect(sdk.passed.length).toBeGreaterThan(0);
    expect(direct.passed).toEqual(expect.arrayContaining([...sdk.passed]));
  });

  test('are answered as the SDK answers them', () => {
    const differences = compareAnswers(direct.answers, sdk.answers);
    expect(differences).toEqual([]);
    // The test would say nothing if the SDK answered all of them.
    expect(direct.answers.filter(({ path }) => path === 'direct').length).toBeGreaterThan(direct.answers.length / 4);
    expect(sdk.answers.filter(({ path }) => path === 'direct')).toEqual([]);
  });
});

/** Compares what each test was answered to each of its requests. Requests that run at once end in any order. */
function compareAnswers(direct: readonly RecordedAnswer[], sdk: readonly RecordedAnswer[]): readonly object[] {
  const [ours, theirs] = [groupByRequest(direct), groupByRequest(sdk)];
  const requests = new Set([...ours.keys(), ...theirs.keys()]);
  return [...requests].flatMap((request) => {
    const [answered, wanted] = [ours.get(request) ?? [], theirs.get(request) ?? []];
    return isDeepStrictEqual(answered, wanted) ? [] : [{ request, answered, wanted }];
  });
}

function groupByRequest(answers: readonly RecordedAnswer[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const { test: name, request, answer } of answers) {
    const key = write([name, request]);
    const { messages } = answer;
    // Some tests change something again and again until they hear of it.
    const heard = messages.filter((one, index) => index === 0 || !isDeepStrictEqual(one, messages[index - 1]));
    groups.set(key, [...(groups.get(key) ?? []), write({ ...answer, messages: heard })].sort());
  }
  return groups;
}

/** Writes JSON, whose members have no order. */
function write(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    isJsonObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}
