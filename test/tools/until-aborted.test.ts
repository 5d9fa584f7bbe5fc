import { expect, test } from '@jest/globals';
import { raceAbort } from '../../lib/mcp/invocation/until-aborted.js';

const never = new Promise<never>(() => undefined);

test('what was ended before does not wait', async () => {
  await expect(raceAbort(never, AbortSignal.abort(new Error('ended')))).rejects.toThrow('ended');
});

test('what is ended later does not wait any longer', async () => {
  const controller = new AbortController();
  const waiting = raceAbort(never, controller.signal);

  controller.abort(new Error('ended'));

  await expect(waiting).rejects.toThrow('ended');
});

test('what comes first counts, and without a signal nothing else does', async () => {
  expect(await raceAbort(Promise.resolve('done'), new AbortController().signal)).toBe('done');
  expect(await raceAbort(Promise.resolve('done'), undefined)).toBe('done');
});
