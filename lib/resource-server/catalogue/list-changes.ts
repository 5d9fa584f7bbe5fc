import type { Primitive } from './primitive.js';

/** A kind of list that clients cache. */
export type Listed = 'tools' | 'resources' | 'prompts';

const LISTS = { tool: 'tools', resource: 'resources', resourceTemplate: 'resources', prompt: 'prompts' } as const;

/** Notifies listeners that a list has changed. */
export class ListChanges {
  readonly #listeners = new Set<(listed: Listed) => void>();

  listen(listener: (listed: Listed) => void): void {
    this.#listeners.add(listener);
  }

  /** @param primitives - the added, removed or changed primitives */
  tell(primitives: readonly Primitive[]): void {
    const lists = new Set(primitives.map(({ kind }) => LISTS[kind]));
    for (const listed of lists) for (const listener of this.#listeners) listener(listed);
  }
}
