/** Milliseconds over which the same lines become one. */
const WINDOW = 10_000;

/** A line, and how often it came since it was logged. */
interface Summed {
  readonly log: (line: string) => void;
  count: number;
}

/** Logs lines of a few kinds that may come very often: each at once, and from then on how often it came. */
export class SummedLines {
  readonly #open = new Map<string, Summed>();

  /**
   * Logs a line, or counts it.
   *
   * @param line - one of a fixed set
   * @param log - writes a line
   */
  add(line: string, log: (line: string) => void): void {
    const known = this.#open.get(line);
    if (known) {
      known.count += 1;
      return;
    }
    log(line);
    this.#open.set(line, { log, count: 0 });
    this.#tellLater(line);
  }

  #tellLater(line: string): void {
    setTimeout(() => {
      const summed = this.#open.get(line);
      if (!summed || summed.count === 0) {
        this.#open.delete(line);
        return;
      }
      summed.log(`${line} (${summed.count} times in the last ${WINDOW / 1000} s)`);
      summed.count = 0;
      this.#tellLater(line);
    }, WINDOW).unref();
  }
}
