/** Items with texts, and how many there are. They are listed only for whoever asks. */
export interface Selection<Item> {
  readonly size: number;
  readonly list: () => readonly Item[];
}

/** A part of a text, and all items whose texts go on with it. */
interface Branch<Item> {
  part: string;
  /** Those whose text ends here. */
  items: Set<Item>;
  /** By the first character of their parts. */
  branches: Map<string, Branch<Item>>;
  /** How many items there are, here and further on. */
  size: number;
}

/**
 * Items by text. To find those that begin with a text, or those that a text begins with, takes as long as the text is,
 * however many items there are.
 */
export class PrefixTree<Item> {
  readonly #root = createBranch<Item>('');

  add(text: string, item: Item): void {
    let branch = this.#root;
    branch.size += 1;
    for (let rest = text; rest !== ''; rest = rest.slice(branch.part.length)) {
      const next = branch.branches.get(rest.charAt(0)) ?? createBranch<Item>(rest);
      branch.branches.set(rest.charAt(0), next);
      splitAfter(next, countShared(next.part, rest));
      next.size += 1;
      branch = next;
    }
    branch.items.add(item);
  }

  /** @param text - with which the item was added */
  delete(text: string, item: Item): void {
    const { passed, last } = this.#walk(text);
    if (!last?.items.delete(item)) return;
    let above: Branch<Item> | undefined;
    for (const branch of [...passed, last]) {
      branch.size -= 1;
      if (branch.size === 0) above?.branches.delete(branch.part.charAt(0));
      above = branch;
    }
  }

  /** Those whose text is shorter than this one, which begins with it. */
  selectShorter(text: string): Selection<Item> {
    return select(this.#walk(text).passed, undefined);
  }

  /** Those whose text begins with this one, or the other way round. */
  selectNear(text: string): Selection<Item> {
    const { passed, last } = this.#walk(text);
    return select(passed, last);
  }

  /** Finds the branches whose texts a text begins with, and the one after which all texts begin with this one. */
  #walk(text: string): { readonly passed: readonly Branch<Item>[]; readonly last: Branch<Item> | undefined } {
    const passed: Branch<Item>[] = [];
    let branch: Branch<Item> | undefined = this.#root;
    let rest = text;
    while (branch && rest.length > branch.part.length && rest.startsWith(branch.part)) {
      passed.push(branch);
      rest = rest.slice(branch.part.length);
      branch = branch.branches.get(rest.charAt(0));
    }
    return { passed, last: branch?.part.startsWith(rest) ? branch : undefined };
  }
}

function createBranch<Item>(part: string): Branch<Item> {
  return { part, items: new Set(), branches: new Map(), size: 0 };
}

/** Makes a branch end after so many characters. What it has goes on behind. */
function splitAfter<Item>(branch: Branch<Item>, length: number): void {
  if (length === branch.part.length) return;
  const behind: Branch<Item> = { ...branch, part: branch.part.slice(length) };
  branch.part = branch.part.slice(0, length);
  branch.items = new Set();
  branch.branches = new Map([[behind.part.charAt(0), behind]]);
}

function countShared(one: string, other: string): number {
  let count = 0;
  while (count < one.length && one[count] === other[count]) count += 1;
  return count;
}

/** @param last - of which all items are meant, not only those that end there */
function select<Item>(passed: readonly Branch<Item>[], last: Branch<Item> | undefined): Selection<Item> {
  return {
    size: passed.reduce((sum, { items }) => sum + items.size, last?.size ?? 0),
    list: () => [...passed.flatMap(({ items }) => [...items]), ...(last ? listAll(last) : [])],
  };
}

function listAll<Item>({ items, branches }: Branch<Item>): readonly Item[] {
  return [...items, ...[...branches.values()].flatMap(listAll)];
}
