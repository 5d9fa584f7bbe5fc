import { comparePatterns, type PatternRelation } from './pattern-relation.js';
import { PatternIndex } from './pattern-index.js';
import { UriIndex, type UriMatch } from './uri-index.js';
import type { UriPattern } from './uri-pattern.js';
import { foldTemplate, listReadings } from './uri-readings.js';
import { findSpellingProblem, MAX_URI } from './uri-spelling.js';

/** A resource or a template of resources. */
export interface UriTarget {
  /** The URI, or the template. */
  readonly name: string;
  readonly pattern: UriPattern;
}

/**
 * Resources and templates by URI. A resource is more specific than a template, and a template than one that matches all
 * of its URIs and more. The most specific one applies.
 */
export class ResourceUris<Target extends UriTarget> {
  readonly #spelled = new UriIndex<Target>();
  readonly #folded = new UriIndex<Target>();
  readonly #ignoresScheme: boolean;

  /** @param reader - whether the server that reads the URIs may leave their scheme out of account */
  constructor({ ignoresScheme }: { readonly ignoresScheme: boolean }) {
    this.#ignoresScheme = ignoresScheme;
  }

  add(target: Target): void {
    this.#spelled.add(target.pattern, target);
    this.#folded.add(this.#fold(target), target);
  }

  remove(target: Target): void {
    this.#spelled.remove(target.pattern, target);
    this.#folded.remove(this.#fold(target), target);
  }

  /** Finds the target of a URI as it is spelled. Takes time for one reading alone, and decides nothing. */
  findSpelled(uri: string): UriMatch<Target> | undefined {
    return uri.length > MAX_URI ? undefined : this.#spelled.find(uri);
  }

  /**
   * Finds a reading of a URI under which something else applies than as it is spelled.
   *
   * @param applies - whether one of the most specific targets of a reading is right. There may be none
   * @returns the end of a sentence that begins with the URI
   */
  findDoubt(uri: string, applies: (targets: readonly Target[]) => boolean): string | undefined {
    const problem = findSpellingProblem(uri);
    if (problem !== undefined) return problem;
    for (const reading of listReadings(uri, { scheme: this.#ignoresScheme, query: true })) {
      const targets = this.#folded.findMostSpecific(reading);
      if (!applies(targets))
        return `may be read as ${targets[0] ? `one of "${targets[0].name}"` : 'that of another resource'}`;
    }
    return undefined;
  }

  #fold({ pattern }: Target): UriPattern {
    return foldTemplate(pattern.parts, { scheme: this.#ignoresScheme, query: true });
  }
}

/** How two targets lie to each other, as they are spelled. */
export function compareTargets(one: UriTarget, other: UriTarget): PatternRelation {
  return comparePatterns(one.pattern, other.pattern);
}

/** Whether there are URIs for which neither of two templates is the more specific one, for some server at least. */
export function areInConflict(one: UriTarget, other: UriTarget): boolean {
  const relations = [
    compareTargets(one, other),
    comparePatterns(foldTemplate(one.pattern.parts, KEPT), foldTemplate(other.pattern.parts, KEPT)),
  ];
  return relations.some((relation) => relation === 'equal' || relation === 'overlapping');
}

const KEPT = { scheme: false, query: false };

/** Finds those of many targets that may have a URI in common, or be in conflict ({@link areInConflict}). */
export class NearTargets<Target extends UriTarget> {
  readonly #spelled = new PatternIndex<Target>();
  readonly #folded = new PatternIndex<Target>();

  add(target: Target): void {
    this.#spelled.add(target.pattern, target);
    this.#folded.add(foldTemplate(target.pattern.parts, KEPT), target);
  }

  remove(target: Target): void {
    this.#spelled.remove(target.pattern, target);
    this.#folded.remove(foldTemplate(target.pattern.parts, KEPT), target);
  }

  list({ pattern }: UriTarget): Iterable<Target> {
    return new Set([...this.#spelled.listNear(pattern), ...this.#folded.listNear(foldTemplate(pattern.parts, KEPT))]);
  }
}
