import { describe, expect, test } from '@jest/globals';
import { toToolSchema } from '../../../lib/openapi/inputs/tool-schema.js';
import { buildRequest } from '../../../lib/openapi/requests/operation-request.js';
import { RequestProblem } from '../../../lib/openapi/requests/request-problem.js';
import { judgeRequest } from './judged-request.js';
import { describeOperation, readRecordedCases, toArguments, type RecordedCase } from './request-case.js';
import { toReceived } from './sent-request.js';

const cases = readRecordedCases();

/** Cases whose values their own documents forbid: a required property is missing. */
const FORBIDDEN = new Set([4]);

test('a request of a real operation is tried 173 times', () => {
  expect(cases).toHaveLength(173);
});

/** Values that climb in the reading of some server. */
const isClimbing = ({ kind, values }: RecordedCase) =>
  kind === 'pathesc' && values.some(({ value }) => String(value).startsWith('..'));

test.each(cases.filter(isClimbing))('a value that climbs is refused: $doc ($id)', (meant) => {
  const { operation, input } = describeOperation(meant);

  expect(() => buildRequest(operation, input, toArguments(meant, input))).toThrow(RequestProblem);
});

describe('a request of a real operation carries what the caller means', () => {
  test.each(cases.filter((one) => !isClimbing(one)))('$kind: $doc ($id)', async (meant) => {
    const { operation, input } = describeOperation(meant);
    const args = toArguments(meant, input);

    expect(await judgeRequest(meant, toReceived(buildRequest(operation, input, args)))).toStrictEqual([]);
  });
});

describe('a model may send the arguments of a real operation', () => {
  test.each(cases.filter(({ id }) => !FORBIDDEN.has(id)))('$kind: $doc ($id)', async (meant) => {
    const { input } = describeOperation(meant);

    const validated = await toToolSchema(() => input.schema)['~standard'].validate(toArguments(meant, input));

    expect(validated).not.toHaveProperty('issues');
  });
});
