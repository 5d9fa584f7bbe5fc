import type { Primitive } from './primitive.js';

/** A kind of list that clients cache. */
export type Listed = 'tools' | 'resources' | 'prompts';

const LISTS = { tool: 'tools', resource: 'resources', resourceTemplate: 'resources', prompt: 'prompts' } as const;

/** Notifies listeners that a list has changed: once for all changes of one turn of the event loop. */
export class ListChanges {
  readonly #listeners = new Set<(listed: Listed) => void>();
  readonly #changed = new Set<Listed>();

  listen(listener: (listed: Listed) => void): void {
    this.#listeners.add(listener);
  }

  /** @param primitives - the added, removed or changed primitives */
  tell(primitives: readonly Primitive[]): void {
    const isScheduled = this.#changed.size > 0;
    for (const { kind } of primitives) this.#changed.add(LISTS[kind]);
    if (isScheduled || this.#changed.size === 0) return;
    // Whoever awaits one registration after the other stays in one turn.
    setImmediate(() => {
      this.#notify();
    });
  }

  #notify(): void {
    const lists = [...this.#changed];
    this.#changed.clear();
    for (const listed of lists) for (const listener of this.#listeners) listener(listed);
  }
}
