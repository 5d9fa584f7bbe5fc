import type { UriPattern } from './uri-pattern.js';

/** How the URIs of a pattern lie to those of another one. */
export type PatternRelation = 'disjoint' | 'within' | 'around' | 'equal' | 'overlapping';

/** One character of a pattern: of its text, or of a variable, which may have more of them. */
interface Step {
  readonly accepts: (code: number) => boolean;
  readonly repeats: boolean;
}

/** Maximum number of states that are compared. Patterns that need more count as overlapping. */
const MAX_STATES = 20_000;

/** Characters that variables treat differently, and one that is like all others. */
const TELLING = '/,?#&;.\uFFFF';

/** Compares the URIs that two patterns match. */
export function comparePatterns(one: UriPattern, other: UriPattern): PatternRelation {
  // A quick look: most patterns differ in the text that they begin or end with.
  if (!isEitherPrefix(one.parts[0], other.parts[0])) return 'disjoint';
  if (!isEitherSuffix(one.parts.at(-1), other.parts.at(-1))) return 'disjoint';
  const [a, b] = [toSteps(one), toSteps(other)];
  const literals = [...one.parts, ...other.parts].filter((part) => typeof part === 'string').join('');
  const alphabet = [...new Set(TELLING + literals)].map((character) => character.charCodeAt(0));
  const waiting: [ReadonlySet<number>, ReadonlySet<number>][] = [[new Set([0]), new Set([0])]];
  const seen = new Set<string>();
  let [both, onlyOne, onlyOther] = [false, false, false];
  for (let pair = waiting.pop(); pair; pair = waiting.pop()) {
    const [inOne, inOther] = pair;
    const key = `${[...inOne].join()}|${[...inOther].join()}`;
    if (seen.has(key) || (inOne.size === 0 && inOther.size === 0)) continue;
    seen.add(key);
    if (seen.size > MAX_STATES) return 'overlapping';
    const [endsOne, endsOther] = [inOne.has(a.length), inOther.has(b.length)];
    both ||= endsOne && endsOther;
    onlyOne ||= endsOne && !endsOther;
    onlyOther ||= endsOther && !endsOne;
    for (const code of alphabet) waiting.push([advance(a, inOne, code), advance(b, inOther, code)]);
  }
  if (!both) return 'disjoint';
  if (onlyOne && onlyOther) return 'overlapping';
  return onlyOne ? 'around' : onlyOther ? 'within' : 'equal';
}

function isEitherPrefix(one: unknown, other: unknown): boolean {
  return !isText(one) || !isText(other) || one.startsWith(other) || other.startsWith(one);
}

function isEitherSuffix(one: unknown, other: unknown): boolean {
  return !isText(one) || !isText(other) || one.endsWith(other) || other.endsWith(one);
}

function isText(part: unknown): part is string {
  return typeof part === 'string';
}

function toSteps({ parts }: UriPattern): readonly Step[] {
  return parts.flatMap((part): Step[] =>
    typeof part === 'string'
      ? Array.from({ length: part.length }, (_value, index) => {
          const wanted = part.charCodeAt(index);
          return { accepts: (code) => code === wanted, repeats: false };
        })
      : [{ accepts: part.accepts, repeats: true }],
  );
}

/** The steps before which the pattern may be after one more character. */
function advance(steps: readonly Step[], states: ReadonlySet<number>, code: number): ReadonlySet<number> {
  const next = new Set<number>();
  for (const state of [...states].sort((x, y) => x - y)) {
    const step = steps[state];
    if (!step?.accepts(code)) continue;
    if (step.repeats) next.add(state);
    next.add(state + 1);
  }
  return next;
}
