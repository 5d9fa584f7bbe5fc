import MiniSearch from 'minisearch';
import type { SearchedOperation } from './searched-operation.js';
import { describeMethod, splitWords, toTerm } from './words.js';

/** Characters of a description that are searched. What an operation does stands at the beginning. */
const MAX_DESCRIPTION = 300;

/** How much more a word counts in each field than in a description. */
const BOOSTS = { name: 4, summary: 3, tags: 2, path: 2, verbs: 1, description: 1 };

/** How much less a word counts that only begins with the one that was asked for, or that is spelled almost like it. */
const WEIGHTS = { prefix: 0.5, fuzzy: 0.2 };

/** Different words of a query that are looked up, the rarest ones: all of them, or else some of them. */
const MAX_WORDS = { all: 4, some: 3 };

/** Operations that are put into the index before other work of the process goes on. */
const CHUNK = 200;

interface IndexedOperation {
  readonly id: number;
  readonly name: string;
  readonly summary: string;
  readonly tags: string;
  readonly path: string;
  readonly verbs: string;
  readonly description: string;
}

/** Ranks operations by the words of a query (BM25), in the memory of this process. */
export class OperationIndex {
  /** How often each word is in the index. */
  readonly #counts = new Map<string, number>();
  readonly #engine = new MiniSearch<IndexedOperation>({
    fields: Object.keys(BOOSTS),
    tokenize: splitWords,
    processTerm: (word) => this.#keep(toTerm(word)),
    searchOptions: { boost: BOOSTS, weights: WEIGHTS, processTerm: toTerm },
  });

  private constructor(private readonly operations: readonly SearchedOperation[]) {}

  static async create(operations: readonly SearchedOperation[]): Promise<OperationIndex> {
    const index = new OperationIndex(operations);
    await index.#engine.addAllAsync(operations.map(toIndexed), { chunkSize: CHUNK });
    return index;
  }

  /**
   * The operations that fit best come first. A word may be the beginning of one. If no operation has all words, some of
   * them are enough, and words that no operation has may have typing errors.
   */
  rank(text: string): readonly SearchedOperation[] {
    const words = new Set(splitWords(text).flatMap((word) => toTerm(word) ?? []));
    const terms = [...words].sort((one, other) => this.#count(one) - this.#count(other));
    const exact = this.#search(terms.slice(0, MAX_WORDS.all), {
      prefix: (term) => term.length > 2,
      combineWith: 'AND',
    });
    const results =
      exact.length > 0
        ? exact
        : this.#search(terms.slice(0, MAX_WORDS.some), {
            fuzzy: (term) => (this.#count(term) > 0 || term.length < 4 ? false : 0.25),
          });
    return results.map(({ id }) => this.operations[id as number] as SearchedOperation);
  }

  #keep<Term extends string | null>(term: Term): Term {
    if (term !== null) this.#counts.set(term, this.#count(term) + 1);
    return term;
  }

  #count(term: string): number {
    return this.#counts.get(term) ?? 0;
  }

  #search(terms: readonly string[], options: Parameters<MiniSearch['search']>[1]) {
    return this.#engine.search(terms.join(' '), options);
  }
}

function toIndexed(
  { name, summary = '', description, operation: { method, path, tags } }: SearchedOperation,
  id: number,
): IndexedOperation {
  return {
    id,
    name,
    summary,
    tags: tags.join(' '),
    path,
    verbs: describeMethod(method),
    description: description.slice(0, MAX_DESCRIPTION),
  };
}
