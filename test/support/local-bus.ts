import type { MessageBus } from 'nestjs-mcp-auth';

/** A bus between applications in this process. */
export class LocalBus implements MessageBus {
  readonly #listeners = new Set<(message: string) => void>();

  publish(message: string): void {
    for (const listener of this.#listeners) listener(message);
  }

  subscribe(listener: (message: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
