import type { DirectMessage } from './direct-message.js';
import { isStream } from './event-stream.js';
import { unwrapResult, wrapResult } from './encoded-result.js';

/** Characters of all results together. Cursors that clients make up must not fill the memory. */
const MAX_SIZE = 16 * 1024 * 1024;

/** A line of an event that has data, as the SDK writes it. */
const DATA = /^data: ([^\n]*)$/m;

/** Results that stay the same until the catalogue changes, as the SDK wrote them. */
export class PreparedResults {
  readonly #results = new Map<string, string>();
  #size = 0;
  #revision = -1;

  /**
   * Writes the answer to a message.
   *
   * @param key - of everything that the result depends on, besides the catalogue
   * @param revision - of the catalogue
   * @returns `undefined` if the result is not known
   */
  find(key: string, revision: number, { id }: DirectMessage): string | undefined {
    const result = revision === this.#revision ? this.#results.get(key) : undefined;
    return result === undefined ? undefined : wrapResult(result, id);
  }

  /**
   * Remembers the result in an answer of the SDK.
   *
   * @param revision - of the catalogue before the SDK was asked
   * @returns the same answer
   */
  async keep(key: string, revision: number, { id }: DirectMessage, answer: Response): Promise<Response> {
    const { status, headers } = answer;
    const text = await answer.text();
    const result = unwrapResult(isStream(answer) ? (DATA.exec(text)?.[1] ?? '') : text, id);
    if (result !== undefined) this.#remember(key, revision, result);
    return new Response(text, { status, headers });
  }

  #remember(key: string, revision: number, result: string): void {
    if (revision < this.#revision) return;
    const size = this.#size + key.length + result.length;
    if (revision > this.#revision || size > MAX_SIZE) {
      this.#results.clear();
      this.#size = 0;
      this.#revision = revision;
    }
    if (this.#results.has(key) || key.length + result.length > MAX_SIZE) return;
    this.#results.set(key, result);
    this.#size += key.length + result.length;
  }
}
