import { describe, expect, jest, test } from '@jest/globals';
import { errors } from 'nestjs-mcp-auth';
import { runFrom } from '../../lib/limits/caller-address.js';
import { resolveLimits, type LimitOptions } from '../../lib/limits/limit-options.js';
import { QUANTITIES, type Quantity } from '../../lib/limits/quantity.js';
import { Shares, type ReachedLimit } from '../../lib/limits/shares.js';
import { Tally, type Holder } from '../../lib/limits/tally.js';

const user = (subject: string, clientId = 'client'): Holder => ({ issuer: 'https://id.test', subject, clientId });

function sharesOf(quantity: Quantity, options: LimitOptions, isAnonymous = false) {
  const reached: ReachedLimit[] = [];
  const shares = new Shares(quantity, resolveLimits(options, isAnonymous).caps[quantity], (one) => reached.push(one));
  return { shares, reached };
}

/** Takes something that may be displaced, and remembers its name while it is held. */
function holding(shares: Shares) {
  const held: string[] = [];
  const take = (holder: Holder | undefined, name: string, bytes = 0) => {
    const onDisplaced = () => held.splice(held.indexOf(name), 1);
    const lease = shares.take(holder, { bytes, onDisplaced });
    held.push(name);
    return lease;
  };
  return { held, take };
}

const codeOf = (run: () => unknown) => {
  try {
    run();
    return 'taken';
  } catch (error) {
    return error instanceof errors.LimitError ? error.code : error;
  }
};

const refusing = (Object.keys(QUANTITIES) as Quantity[]).filter((name) => QUANTITIES[name].atCap === 'refuse');
const displacing = (Object.keys(QUANTITIES) as Quantity[]).filter((name) => QUANTITIES[name].atCap === 'displace');

describe.each(refusing)('%s', (quantity) => {
  test('of a caller at the cap are refused, and those of another are not', () => {
    const { shares } = sharesOf(quantity, { perCaller: { [quantity]: 2 } });
    const first = shares.take(user('a'));
    shares.take(user('a'));
    expect(codeOf(() => shares.take(user('a')))).toBe('caller_limit_reached');
    expect(codeOf(() => shares.take(user('b')))).toBe('taken');
    first.release();
    first.release();
    expect(codeOf(() => shares.take(user('a')))).toBe('taken');
    expect(codeOf(() => shares.take(user('a')))).toBe('caller_limit_reached');
  });

  test('are bounded in bytes', () => {
    const { shares } = sharesOf(quantity, { perCaller: { bytesOfEach: 10_000 } });
    shares.take(user('a'), { bytes: 6_000 });
    expect(codeOf(() => shares.take(user('a'), { bytes: 6_000 }))).toBe('caller_limit_reached');
    expect(codeOf(() => shares.take(user('b'), { bytes: 6_000 }))).toBe('taken');
  });

  test('of all callers at the cap are refused', () => {
    const { shares } = sharesOf(quantity, { inAll: { [quantity]: 2 } });
    shares.take(user('a'));
    shares.take(user('b'));
    expect(codeOf(() => shares.take(user('c')))).toBe('server_limit_reached');
  });
});

describe.each(displacing)('%s', (quantity) => {
  test('of a caller at the cap displace its own oldest', () => {
    const { shares } = sharesOf(quantity, { perCaller: { [quantity]: 2 } });
    const { held, take } = holding(shares);
    take(user('b'), 'b1');
    for (const name of ['a1', 'a2', 'a3']) take(user('a'), name);
    expect(held).toEqual(['b1', 'a2', 'a3']);
  });

  test('of all callers at the cap displace the oldest of whoever has the most', () => {
    const { shares } = sharesOf(quantity, { inAll: { [quantity]: 6 } });
    const { held, take } = holding(shares);
    for (const name of ['b1', 'b2']) take(user('b'), name);
    for (const name of ['a1', 'a2', 'a3', 'a4']) take(user('a'), name);
    for (const name of ['c1', 'c2']) take(user('c'), name);
    expect(held).toEqual(['b1', 'b2', 'a3', 'a4', 'c1', 'c2']);
    take(user('a'), 'a5');
    expect(held).toEqual(['b1', 'b2', 'a4', 'c1', 'c2', 'a5']);
  });

  test('are bounded in bytes, for each caller and in all', () => {
    const { shares } = sharesOf(quantity, { perCaller: { bytesOfEach: 10_000 }, inAll: { bytesOfEach: 20_000 } });
    const { held, take } = holding(shares);
    for (const name of ['a1', 'a2', 'a3']) take(user('a'), name, 3_000);
    expect(held).toEqual(['a2', 'a3']);
    expect(codeOf(() => take(user('a'), 'large', 10_001))).toBe('caller_limit_reached');
    for (const name of ['b1', 'b2', 'c1']) take(user(name.slice(0, 1)), name, 3_000);
    expect(held).toEqual(['a3', 'b1', 'b2', 'c1']);
    expect(shares.bytes).toBeLessThanOrEqual(20_000);
  });
});

test('what cannot be displaced stays, and what comes is refused', () => {
  const { shares } = sharesOf('keptTasks', { perCaller: { keptTasks: 2 } });
  shares.take(user('a'));
  const { held, take } = holding(shares);
  take(user('a'), 'a1');
  take(user('a'), 'a2');
  expect(held).toEqual(['a2']);
  shares.take(user('a'));
  expect(held).toEqual([]);
  expect(codeOf(() => take(user('a'), 'a3'))).toBe('caller_limit_reached');
});

test('what was used last is displaced last', () => {
  const { shares } = sharesOf('cachedTokens', { perCaller: { cachedTokens: 2 } });
  const { held, take } = holding(shares);
  const first = take(user('a'), 'a1');
  take(user('a'), 'a2');
  shares.touch(first);
  take(user('a'), 'a3');
  expect(held).toEqual(['a1', 'a3']);
});

test('a stream of whoever has the most ends for a caller who has fewer, and for nobody else', () => {
  const { shares } = sharesOf('streams', { inAll: { streams: 3 } });
  const { held, take } = holding(shares);
  take(user('b'), 'b1');
  for (const name of ['a1', 'a2']) take(user('a'), name);
  take(user('c'), 'c1');
  expect(held).toEqual(['b1', 'a2', 'c1']);
  expect(codeOf(() => take(user('d'), 'd1'))).toBe('server_limit_reached');
  expect(held).toEqual(['b1', 'a2', 'c1']);
});

describe('callers', () => {
  const members: readonly (readonly [string, Holder])[] = [
    ['issuer', { ...user('a'), issuer: 'https://other.test' }],
    ['subject', user('b')],
    ['client', user('a', 'other')],
    ['client, which is missing', { issuer: 'https://id.test', subject: 'a' }],
  ];
  test.each(members)('that differ in the %s share nothing', (_name, other) => {
    const { shares } = sharesOf('streams', { perCaller: { streams: 1 } });
    shares.take(user('a'));
    expect(codeOf(() => shares.take(user('a')))).toBe('caller_limit_reached');
    expect(codeOf(() => shares.take(other))).toBe('taken');
  });

  test('that are one user with many clients have the shares of four', () => {
    const { shares } = sharesOf('streams', { perCaller: { streams: 1 } });
    for (const client of ['1', '2', '3', '4']) shares.take(user('a', client));
    expect(codeOf(() => shares.take(user('a', '5')))).toBe('caller_limit_reached');
    expect(codeOf(() => shares.take(user('b', '5')))).toBe('taken');
    expect(codeOf(() => shares.take({ ...user('a', '5'), issuer: 'https://other.test' }))).toBe('taken');
  });

  test('without a token have a quarter together', () => {
    const { shares } = sharesOf('streams', { inAll: { streams: 8 } });
    shares.take(undefined);
    shares.take(undefined);
    expect(codeOf(() => shares.take(undefined))).toBe('caller_limit_reached');
  });

  test('without a token, but with one address, have the shares of four', () => {
    const { shares } = sharesOf('streams', { perCaller: { streams: 1 }, inAll: { streams: 40 } });
    const take = (address: string) => runFrom(address, () => codeOf(() => shares.take(undefined)));
    expect(Array.from({ length: 5 }, () => take('192.0.2.1'))).toEqual([
      ...Array.from({ length: 4 }, () => 'taken'),
      'caller_limit_reached',
    ]);
    expect(take('192.0.2.2')).toBe('taken');
    // A token says more than an address.
    expect(runFrom('192.0.2.1', () => codeOf(() => shares.take(user('a'))))).toBe('taken');
  });

  test('have everything together where nobody has a token', () => {
    const { shares } = sharesOf('streams', { inAll: { streams: 2 } }, true);
    shares.take(undefined);
    shares.take(undefined);
    expect(codeOf(() => shares.take(undefined))).toBe('caller_limit_reached');
  });
});

test('what fits exactly is taken, in entries and in bytes', () => {
  const tally = new Tally('a', { count: 2, bytes: 100 });
  tally.count = 1;
  tally.bytes = 60;
  expect(tally.isFullFor({ count: 1, bytes: 40 })).toBe(false);
  expect(tally.isFullFor({ count: 1, bytes: 41 })).toBe(true);
  expect(tally.isFullFor({ count: 2, bytes: 0 })).toBe(true);
});

test('a share is held until the work that holds it is over', async () => {
  const { shares } = sharesOf('callsInFlight', { perCaller: { callsInFlight: 1 } });
  const lease = shares.take(user('a'));
  let finish: () => void = () => undefined;
  const work = new Promise<void>((resolve) => (finish = resolve));
  lease.hold(work);
  lease.release();
  expect(codeOf(() => shares.take(user('a')))).toBe('caller_limit_reached');
  finish();
  await work;
  await Promise.resolve();
  expect([shares.count, shares.bytes]).toEqual([0, 0]);
});

test('a holder who meets a limit is told of once, and again only after a minute', () => {
  const { shares, reached } = sharesOf('streams', { perCaller: { streams: 1 } });
  shares.take(user('a'));
  const meet = () => codeOf(() => shares.take(user('a')));
  const event = { quantity: 'streams', limit: 'caller', effect: 'refused', holder: user('a') };
  jest.useFakeTimers();
  meet();
  jest.advanceTimersByTime(59_999);
  meet();
  expect(reached).toEqual([event]);
  jest.advanceTimersByTime(1);
  meet();
  meet();
  expect(reached).toEqual([event, event]);
  jest.useRealTimers();
});
