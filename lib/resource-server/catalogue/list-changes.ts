import type { Primitive } from './primitive.js';

/** A kind of list that clients keep. */
export type Listed = 'tools' | 'resources' | 'prompts';

const LISTS = { tool: 'tools', resource: 'resources', resourceTemplate: 'resources', prompt: 'prompts' } as const;

/** Tells who wants to know that a list is another one than before. */
export class ListChanges {
  readonly #listeners = new Set<(listed: Listed) => void>();

  listen(listener: (listed: Listed) => void): void {
    this.#listeners.add(listener);
  }

  /** @param primitives - what has come, gone or changed */
  tell(primitives: readonly Primitive[]): void {
    const lists = new Set(primitives.map(({ kind }) => LISTS[kind]));
    for (const listed of lists) for (const listener of this.#listeners) listener(listed);
  }
}
