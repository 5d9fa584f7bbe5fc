import MiniSearch from 'minisearch';
import type { SearchedOperation } from './searched-operation.js';
import { describeMethod, splitWords, toTerm } from './words.js';

/** Characters of a description that are searched. What an operation does stands at the beginning. */
const MAX_DESCRIPTION = 300;

/** How much more a word counts in each field than in a description. */
const BOOSTS = { name: 4, summary: 3, tags: 2, path: 2, verbs: 1, description: 1 };

/** How much less a word counts that only begins with the one that was asked for, or that is spelled almost like it. */
const WEIGHTS = { prefix: 0.5, fuzzy: 0.2 };

/** Different words of a query that are looked up. */
const MAX_WORDS = 6;

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
  readonly #engine = new MiniSearch<IndexedOperation>({
    fields: Object.keys(BOOSTS),
    tokenize: splitWords,
    processTerm: toTerm,
    searchOptions: { boost: BOOSTS, weights: WEIGHTS },
  });

  private constructor(private readonly operations: readonly SearchedOperation[]) {}

  static async create(operations: readonly SearchedOperation[]): Promise<OperationIndex> {
    const index = new OperationIndex(operations);
    await index.#engine.addAllAsync(operations.map(toIndexed), { chunkSize: CHUNK });
    return index;
  }

  /**
   * The operations that fit best come first. A word may be the beginning of one. If no operation has all words, some of
   * them are enough, and they may have typing errors.
   */
  rank(text: string): readonly SearchedOperation[] {
    const terms = splitWords(text).flatMap((word) => toTerm(word) ?? []);
    const query = [...new Set(terms)].slice(0, MAX_WORDS).join(' ');
    const exact = this.#search(query, { prefix: (term) => term.length > 2, combineWith: 'AND' });
    const results =
      exact.length > 0 ? exact : this.#search(query, { fuzzy: (term) => (term.length > 3 ? 0.25 : false) });
    return results.flatMap(({ id }) => this.operations[id as number] ?? []);
  }

  #search(query: string, options: Parameters<MiniSearch['search']>[1]) {
    return this.#engine.search(query, options);
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
