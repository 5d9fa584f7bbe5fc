import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { CleanLogger } from '../../lib/log/clean-logger.js';
import { RecordingLogger } from '../support/recording-logger.js';

let log: RecordingLogger;
let logger: CleanLogger;

beforeEach(() => {
  jest.useFakeTimers();
  log = new RecordingLogger();
  Logger.overrideLogger(log);
  logger = new CleanLogger('Context');
});
afterEach(() => {
  jest.useRealTimers();
});

const told = () => log.lines.splice(0).map((line) => line.replace(/^warn | +Context$/g, ''));

const refuse = (kind: string, line: string, text?: string) => {
  logger.sum('warn', kind, line, text);
};

describe('lines of one kind', () => {
  test('that keep coming are one in ten seconds, then in twenty, in forty and in a minute, each with the last of them', () => {
    const sums: unknown[] = [];
    for (let second = 0; second < 200; second += 1) {
      for (let times = 0; times < 100; times += 1) refuse('a', `refused [${second}-${times}]`);
      jest.advanceTimersByTime(1_000);
      sums.push(...told());
    }
    expect(sums).toEqual([
      'refused [0-0]',
      'refused [9-99] (999 times in the last 10 s)',
      'refused [29-99] (2000 times in the last 20 s)',
      'refused [69-99] (4000 times in the last 40 s)',
      'refused [129-99] (6000 times in the last 60 s)',
      'refused [189-99] (6000 times in the last 60 s)',
    ]);
  });

  test('that come now and then are a line each', () => {
    for (let times = 0; times < 5; times += 1) {
      refuse('a', 'refused');
      jest.advanceTimersByTime(10_000);
    }
    expect(told()).toEqual(Array(5).fill('refused'));
  });

  test('that differ are ten lines at once, and then counted', () => {
    for (let times = 0; times < 500; times += 1) refuse('a', `refused ${times % 20}`, String(times % 20));
    expect(told()).toEqual(Array.from({ length: 10 }, (_, index) => `refused ${index}`));
    jest.advanceTimersByTime(10_000);
    expect(told()).toEqual(['refused 19 (490 times in the last 10 s)']);
    for (let times = 0; times < 500; times += 1) refuse('a', `refused ${times}`, String(times));
    expect(told()).toEqual([]);
  });

  test('do not keep the first line of another kind from being told', () => {
    for (let times = 0; times < 500; times += 1) refuse('a', 'a');
    refuse('b', 'b');
    expect(told()).toEqual(['a', 'b']);
  });
});

test('kinds without end are bounded, too', () => {
  for (let kind = 0; kind < 5_000; kind += 1) refuse(`kind ${kind}`, `refused ${kind}`);
  expect(told()).toHaveLength(201);
  jest.advanceTimersByTime(10_000);
  expect(told()).toEqual(['refused 4999 (4799 times in the last 10 s)']);
});

test('what was left out when the application stops is told', () => {
  for (let times = 0; times < 3; times += 1) refuse('a', 'refused');
  CleanLogger.flush();
  expect(told()).toEqual(['refused', 'refused (2 times in the last 1 s)']);
  jest.advanceTimersByTime(60_000);
  expect(told()).toEqual([]);
});

test('the number stands behind the longest line, and the line is cut', () => {
  for (let times = 0; times < 3; times += 1) refuse('a', `refused\u001b${'x'.repeat(5_000)}`);
  jest.advanceTimersByTime(10_000);
  const [first = '', sum = ''] = told();
  expect(first.length).toBeLessThan(2_000);
  expect(sum).toMatch(/^refused\\u001bx+\.\.\. \(2 times in the last 10 s\)$/);
});
