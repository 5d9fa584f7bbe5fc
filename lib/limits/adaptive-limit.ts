/** Requests that have to agree before a limit falls. One slow answer says nothing. */
export const WINDOW = 10;

/** A request on its way through a limit. */
export interface Passage {
  /** Which of the limit's values it began under. */
  readonly round: number;
  /** How many answers there were before it began. */
  readonly answers: number;
}

/**
 * How many requests may run at once, by TCP's rules for its window. If nothing is answered any more, it is one request,
 * which tries (RFC 5681 section 3.1). Answers raise it by one each, so that it doubles in each round trip, up to where it
 * was too much before; from there it grows slowly. If what was given up is answered after all, the limit is what it was
 * (RFC 4015). It begins with a part of what may run, until something is answered.
 * What runs when nothing is answered any more takes no place from then on.
 */
export class AdaptiveLimit {
  #limit: number;
  /** Below it, the limit grows fast. */
  #threshold: number;
  /** Counts the values that were lowered. What began under an earlier one says nothing about this one. */
  #round = 0;
  readonly #places = new Set<Passage>();
  #running = 0;
  #answers = 0;
  #lateInARow = 0;
  #lastParty: string | undefined;
  /** The limit before the silence. */
  #before: number | undefined;

  /**
   * @param max - the limit while all is well
   * @param first - the limit until the first answer
   * @param onChange - called when nothing is answered any more, and when something is again
   */
  constructor(
    readonly max: number,
    first = max,
    private readonly onChange: (isSilent: boolean) => void = () => undefined,
  ) {
    this.#limit = first;
    this.#threshold = max;
  }

  /** How many may run at once now. */
  get value(): number {
    return Math.floor(this.#limit);
  }

  /** Requests that run, with those that take no place. */
  get running(): number {
    return this.#running;
  }

  get hasRoom(): boolean {
    return this.#places.size < this.value;
  }

  /** Whether nothing was answered since the limit fell. */
  get isSilent(): boolean {
    return this.#before !== undefined;
  }

  /** Whether it is lower than it may be: nothing was answered yet, or too many ran at once. */
  get isLowered(): boolean {
    return !this.isSilent && this.value < this.max;
  }

  /** Whether nothing was answered yet. */
  get isNew(): boolean {
    return this.#answers === 0;
  }

  get round(): number {
    return this.#round;
  }

  hasAnsweredSince(passage: Passage): boolean {
    return passage.answers !== this.#answers;
  }

  /** A request begins. */
  enter(): Passage {
    const passage = { round: this.#round, answers: this.#answers };
    this.#places.add(passage);
    this.#running += 1;
    return passage;
  }

  /**
   * A request has no answer yet, and should have one.
   *
   * @param party - whose it is. Those of one party in a row count as one: nobody alone lowers a limit that others need.
   *   `undefined` if the limit is for one party
   * @param enough - how many have to be late, so that nothing is answered
   */
  countLate(passage: Passage, party: string | undefined, enough: number): void {
    // While it waited, others were answered, or the limit was another one.
    if (this.hasAnsweredSince(passage) || passage.round !== this.#round) return;
    if (party !== undefined && party === this.#lastParty && !this.isSilent) return;
    this.#lastParty = party;
    this.#lateInARow += 1;
    if (this.#lateInARow < Math.min(enough, this.value)) return;
    const wasSilent = this.isSilent;
    this.#before ??= this.isNew ? this.max : this.#limit;
    this.restart();
    if (!wasSilent) this.onChange(true);
  }

  /** A request takes no place any more, although it runs. */
  giveUp(passage: Passage): void {
    this.#places.delete(passage);
  }

  /**
   * A request is over.
   *
   * @param answer - whether its answer was in time, or late; `undefined` without one
   */
  leave(passage: Passage, answer: 'in time' | 'late' | undefined): void {
    this.#running -= 1;
    this.#places.delete(passage);
    if (!answer) return;
    if (this.isNew && this.#round === 0) this.#limit = this.max;
    this.#answers += 1;
    this.#lateInARow = 0;
    this.#lastParty = undefined;
    if (this.#before !== undefined) {
      if (answer === 'late') this.#limit = this.#before;
      this.#before = undefined;
      this.onChange(false);
    }
    if (answer === 'in time') this.#grow();
  }

  /** Too many run at once. */
  lower(): void {
    this.#limit = Math.max(1, Math.floor(Math.min(this.#limit, this.#running) / 2));
    this.#threshold = this.#limit;
    this.#startRound();
  }

  /** Takes back that it was lowered. */
  restore(limit: number): void {
    this.#limit = Math.max(this.#limit, limit);
    this.#threshold = this.max;
  }

  /** Begins with one request. What runs takes no place. */
  restart(): void {
    this.#limit = 1;
    this.#threshold = this.max;
    this.#places.clear();
    this.#startRound();
  }

  #startRound(): void {
    this.#round += 1;
    this.#lateInARow = 0;
    this.#lastParty = undefined;
  }

  #grow(): void {
    const step = this.#limit < this.#threshold ? 1 : 1 / WINDOW;
    this.#limit = Math.min(this.max, this.#limit + step);
  }
}
