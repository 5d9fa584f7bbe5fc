import { judge, type MatcherContext, type MatcherResult } from './matcher.js';

/** Passes if the server asks for exactly these scopes: 403 `insufficient_scope`, or 401 with `scope`. */
export function toChallengeFor(
  this: MatcherContext,
  received: unknown,
  ...scopes: string[]
): MatcherResult | Promise<MatcherResult> {
  if (scopes.length === 0) throw new TypeError('toChallengeFor takes the scopes that are to be asked for');
  const expected = `a challenge for ${[...new Set(scopes)].join(' ')} (403 insufficient_scope, or 401)`;
  return judge(received, this, expected, (outcome) => {
    if (outcome.kind !== 'refused') return false;
    const { status, error, scopes: asked } = outcome.refusal;
    return (status === 401 || error === 'insufficient_scope') && areSame(asked, scopes);
  });
}

/** Passes if the server asks for a token or for another one: 401 without an error, or with `invalid_token`. */
export function toRequireAuthentication(
  this: MatcherContext,
  received: unknown,
): MatcherResult | Promise<MatcherResult> {
  return judge(received, this, 'a challenge to authenticate (401, without an error or invalid_token)', (outcome) => {
    if (outcome.kind !== 'refused') return false;
    const { status, scheme, error } = outcome.refusal;
    return status === 401 && scheme !== undefined && (error === undefined || error === 'invalid_token');
  });
}

/** Passes if the tool answered with an error whose text contains a string or matches a pattern. */
export function toBeToolError(
  this: MatcherContext,
  received: unknown,
  text: string | RegExp = '',
): MatcherResult | Promise<MatcherResult> {
  const about = text === '' ? '' : typeof text === 'string' ? ` with "${text}"` : ` that matches ${String(text)}`;
  return judge(
    received,
    this,
    `a tool error${about}`,
    (outcome) =>
      outcome.kind === 'tool error' &&
      (typeof text === 'string' ? outcome.text.includes(text) : outcome.text.search(text) >= 0),
  );
}

/** Whether two lists contain the same words in any order. */
export function areSame(some: readonly string[], others: readonly string[]): boolean {
  const [one, other] = [new Set(some), new Set(others)];
  return one.size === other.size && [...one].every((word) => other.has(word));
}
