import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { TemporaryFailureError } from '../../lib/errors/downstream-error.js';
import { logFailure } from '../../lib/observability/failure-log.js';
import { aheadBy } from '../support/clocks.js';
import { RecordingLogger } from '../support/recording-logger.js';

let log: RecordingLogger;

beforeEach(() => {
  log = new RecordingLogger();
  Logger.overrideLogger(log);
});

afterEach(() => {
  jest.useRealTimers();
  jest.restoreAllMocks();
});

function unreachable(user: number): TemporaryFailureError {
  const cause = new Error(`connect ECONNREFUSED of ${user}`);
  return new TemporaryFailureError('downstream_unreachable', `orders cannot be reached by ${user}`, {
    downstream: 'orders',
    advice: 'Try again later.',
    cause,
  });
}

function timeout(): TemporaryFailureError {
  return new TemporaryFailureError('downstream_timeout', 'orders did not answer', {
    downstream: 'orders',
    advice: 'Try again later.',
  });
}

function overloaded(downstream: string): TemporaryFailureError {
  return new TemporaryFailureError('downstream_overloaded', `${downstream} was not asked`, {
    downstream,
    advice: 'Try again later.',
  });
}

describe('failures of one kind', () => {
  test('are one line each, with the messages of all causes; the stack is logged once', () => {
    for (let user = 1; user <= 500; user += 1) logFailure('find_order', unreachable(user), `ref-${user}`);
    const lines = log.lines.flatMap((line) => line.split('\n'));
    expect(log.lines).toHaveLength(500);
    expect(lines.filter((line) => line.startsWith('    at ')).length).toBeGreaterThan(0);
    expect(log.lines.filter((line) => line.includes('\n'))).toHaveLength(1);
    expect(log.lines[499]).toContain(
      'find_order failed [ref-500] (downstream_unreachable) TemporaryFailureError: orders cannot be reached by 500, caused by: Error: connect ECONNREFUSED of 500',
    );
  });

  test('show their stack again after a while, and how many there were', () => {
    const clocks = aheadBy(0);
    const fail = (reference: string) => {
      logFailure('find_order', timeout(), reference);
    };
    for (const reference of ['a', 'b', 'c']) fail(reference);
    clocks.pass(600_001);
    fail('d');
    fail('e');
    expect(log.lines.map((line) => line.includes('\n'))).toEqual([true, false, false, true, false]);
    expect(log.lines[3]).toContain('find_order failed [d] (2 more of this kind since its stack was logged last)');
  });

  test('of another place, another code or another cause have a stack of their own', () => {
    const kinds = [
      new Error('x'),
      new TypeError('x'),
      Object.assign(new Error('x'), { code: 'ENOENT' }),
      new Error('x', { cause: new RangeError('y') }),
    ];
    for (const kind of [...kinds, ...kinds]) logFailure('find_order', kind, 'r');
    expect(log.lines.map((line) => line.includes('\n'))).toEqual([...kinds.map(() => true), ...kinds.map(() => false)]);
  });
});

describe('requests that were not sent', () => {
  const told = () => log.lines.map((line) => line.replace(/ +McpTool$/, ''));

  test('are summed, for each tool and downstream', () => {
    jest.useFakeTimers();
    for (let times = 0; times < 470; times += 1) logFailure('find_order', overloaded('orders'), 'r');
    logFailure('find_invoice', overloaded('invoices'), 'r');
    const help = 'See https://nestjs-mcp-auth.github.io/nestjs-mcp-auth/reference/errors#downstream_overloaded';
    const first = [
      `error find_order failed (downstream_overloaded) orders was not asked. ${help}`,
      `error find_invoice failed (downstream_overloaded) invoices was not asked. ${help}`,
    ];
    expect(told()).toEqual(first);
    jest.advanceTimersByTime(10_000);
    const sum = `${first[0]} (469 times in the last 10 s)`;
    expect(told()).toEqual([...first, sum]);
    jest.advanceTimersByTime(60_000);
    expect(told()).toEqual([...first, sum]);
    logFailure('find_order', overloaded('orders'), 'r');
    expect(told()).toEqual([...first, sum, first[0]]);
  });
});
