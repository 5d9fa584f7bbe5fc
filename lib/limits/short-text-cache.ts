import QuickLRU from 'quick-lru';

/** How many texts are remembered, and of how many characters. */
export interface ShortTextLimits {
  readonly maxSize: number;
  readonly maxLength: number;
}

/**
 * Remembers what was found for short texts that come again and again, such as a header that a client sends each time. A
 * stranger who sends others takes little memory: long ones are not remembered, and the least recent go first.
 */
export class ShortTextCache<Found> {
  readonly #found: QuickLRU<string, Found>;
  readonly #maxLength: number;

  constructor({ maxSize, maxLength }: ShortTextLimits) {
    this.#found = new QuickLRU({ maxSize });
    this.#maxLength = maxLength;
  }

  get(text: string): Found | undefined {
    return text.length <= this.#maxLength ? this.#found.get(text) : undefined;
  }

  /** @returns what was found */
  set(text: string, found: Found): Found {
    if (text.length <= this.#maxLength) this.#found.set(text, found);
    return found;
  }
}
