import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Denial, McpTool, UsePolicy, type Policy } from 'nestjs-mcp-auth';
import { callTool } from '../support/mcp-request.js';
import { startProtectedServer, type ProtectedServer } from '../support/protected-server.js';

/** What a policy of plain JavaScript may answer. */
type Verdict = () => unknown;

let decide: Verdict;
let runs = 0;

class Odd implements Policy {
  permits(): never {
    return decide() as never;
  }
}

class Tools {
  @UsePolicy(Odd)
  @McpTool({ description: 'x', timeoutMs: 50 })
  pay() {
    runs += 1;
    return { paid: true };
  }
}

function never(): void {
  // It has no answer.
}

/** A Denial whose parts are of other types than its own. */
function createDenial(parts: object): Denial {
  return Object.assign(new Denial('x'), parts);
}

const DENIED: readonly (readonly [name: string, verdict: Verdict])[] = [
  ['nothing', () => undefined],
  ['null', () => null],
  ['1', () => 1],
  ['"true"', () => 'true'],
  ['an object', () => ({ allowed: true })],
  ['a list', () => [true]],
  ['a Boolean object', () => Object(true)],
  ['a function', () => () => true],
  ['a promise of nothing', () => Promise.resolve()],
  ['a promise of "true"', () => Promise.resolve('true')],
  [
    'what looks like a promise of 1',
    () => ({
      then: (settle: (value: unknown) => void) => {
        settle(1);
      },
    }),
  ],
  ['what looks like a Denial', () => ({ message: 'x', remediation: 'available', hints: [] })],
];

const UNDECIDED: readonly (readonly [name: string, verdict: Verdict])[] = [
  ['a promise without end', () => new Promise(never)],
  ['what looks like a promise without end', () => ({ then: never })],
  ['a promise that breaks', () => Promise.reject(new Error('inside'))],
  ['a Denial with a message that is no text', () => createDenial({ message: { inside: true } })],
  ['a Denial with hints that are no list', () => createDenial({ hints: 'inside' })],
  ['a Denial with hints that are no JSON', () => createDenial({ hints: [{ inside: 1n }] })],
];

describe.each(['express', 'fastify'] as const)('verdicts of policies, on %s,', (platform) => {
  let server: ProtectedServer;

  beforeAll(async () => {
    server = await startProtectedServer({ providers: [Tools], platform });
  });
  afterAll(async () => {
    await server.close();
  });
  beforeEach(() => {
    runs = 0;
  });

  async function call() {
    const { isError = false, content } = await callTool(server.resource, await server.token(), 'pay');
    return { isError, text: JSON.stringify(content) };
  }

  test.each(DENIED)('%s denies', async (_name, verdict) => {
    decide = verdict;
    const { isError, text } = await call();
    expect(isError).toBe(true);
    expect(text).toContain('This is not allowed for you.');
    expect(runs).toBe(0);
  });

  test.each(UNDECIDED)('%s decides nothing, and tells nothing', async (_name, verdict) => {
    decide = verdict;
    const { isError, text } = await call();
    expect(isError).toBe(true);
    expect(text).not.toContain('inside');
    expect(runs).toBe(0);
  });

  test.each([
    ['true', () => true],
    ['a promise of true', () => Promise.resolve(true)],
  ])('%s permits', async (_name, verdict) => {
    decide = verdict;
    expect((await call()).isError).toBe(false);
    expect(runs).toBe(1);
  });
});
