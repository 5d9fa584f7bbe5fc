import QuickLRU from 'quick-lru';
import { countRefused, recordConcurrency, type ServiceName } from '../observability/metrics.js';
import { AdaptiveLimit, WINDOW, type Passage } from './adaptive-limit.js';
import { BulkheadFullError, FairBulkhead, type BulkheadLimits, type Entrance } from './fair-bulkhead.js';
import { LatencyTrend } from './latency-trend.js';
import { TypicalDuration } from './typical-duration.js';

/** Kinds of requests, and parties, that are remembered. The least recent go first. */
const MAX_REMEMBERED = 1_000;

/** Milliseconds to which patience is rounded, so that there are few lists of timers. */
const TICK = 50;

/** Milliseconds until the next request tries, while nothing is answered. */
export const TRIAL_INTERVAL = 2_000;

/** Requests that run at once until one is answered: so many, or this part of all, where many may run. */
const LEAST_AT_FIRST = 20;
const PART_AT_FIRST = 1 / 5;

/** Part of the longest patience after which requests are late while none was answered yet. */
const FIRST_PATIENCE = 2 / 9;

/** Requests of one party that have to be late, while others are answered, so that the party alone has to wait. */
const OWN_WINDOW = 2 * WINDOW;

/** How much runs at once, and how long is long. */
export interface AdaptiveLimits extends BulkheadLimits {
  /** Most milliseconds before a request without an answer is late. */
  readonly longestPatienceMs: number;
  /** Whether fewer run while answers are late. */
  readonly isAdaptive: boolean;
}

/** A request: for whom, and what for. */
export interface Errand {
  /** Key of whoever asks for it. */
  readonly party: string;
  /** Requests of one kind take about as long. */
  readonly kind: string;
}

/** What became of a request. */
export type Outcome<Result> = { readonly result: Result } | { readonly error: unknown };

/** A limit that a request has to pass. */
interface Gate {
  readonly limit: AdaptiveLimit;
  /** Whether it is for one party alone. */
  readonly isOwn: boolean;
  /** How long what passes it takes. */
  readonly typical: TypicalDuration;
}

/**
 * Limits how many requests run at once at one service, and lowers that while answers are late or do not come: for the
 * service, for each kind of requests, and for each party with each kind. So neither one kind nor one party takes the
 * places of the others. What cannot run waits in a {@link FairBulkhead}; while nothing is answered, nothing waits. Late
 * requests keep no place from others, unless it is for the load that they are late; so many may run besides as there are
 * places.
 */
export class AdaptiveBulkhead {
  readonly #queue: FairBulkhead;
  readonly #all: Gate;
  /** Milliseconds before a request is late while none was answered yet. */
  readonly #firstWait: number;
  readonly #trend: LatencyTrend;
  /** Late requests that run without a place. */
  #withoutPlace = 0;
  readonly #gates = new QuickLRU<string, Gate>({ maxSize: MAX_REMEMBERED });

  /**
   * @param service - for metrics
   * @param onChange - called when the service answers nothing any more, and when it answers again
   */
  constructor(
    private readonly service: ServiceName,
    private readonly limits: AdaptiveLimits,
    onChange: (isSilent: boolean) => void = () => undefined,
  ) {
    this.#queue = new FairBulkhead(limits);
    const { maxConcurrent, longestPatienceMs } = limits;
    const first = Math.min(maxConcurrent, Math.max(LEAST_AT_FIRST, Math.floor(PART_AT_FIRST * maxConcurrent)));
    this.#all = { ...this.#createGate(false), limit: new AdaptiveLimit(maxConcurrent, first, onChange) };
    this.#firstWait = Math.min(longestPatienceMs, Math.max(TRIAL_INTERVAL, FIRST_PATIENCE * longestPatienceMs));
    this.#trend = new LatencyTrend(this.#all.limit);
  }

  /** Begins with one request at once, as after an outage. */
  restart(): void {
    if (this.limits.isAdaptive) this.#all.limit.restart();
  }

  /**
   * Runs a request when it is the turn of its party.
   *
   * @param isAnswer - whether the outcome shows that the service works
   * @throws {@link BulkheadFullError} if too many run and wait, or nothing is answered
   */
  async execute<Result>(
    { party, kind }: Errand,
    request: () => Promise<Result>,
    isAnswer: (outcome: Outcome<Result>) => boolean,
  ): Promise<Result> {
    const gates = this.limits.isAdaptive ? [this.#all, this.#getGate([kind]), this.#getGate([kind, party])] : [];
    let passages: readonly Passage[] = [];
    const entrance: Entrance = {
      tryEnter: () => {
        if (!gates.every(({ limit }) => limit.hasRoom)) return false;
        passages = gates.map(({ limit }) => limit.enter());
        return true;
      },
      isClosed: () => gates.some(({ limit }) => limit.isSilent && !limit.hasRoom),
    };
    const run = (freePlace: () => void) =>
      this.#run(request, isAnswer, { gates, passages, party, freePlace, isWithoutPlace: false });
    try {
      return await this.#queue.execute(party, run, entrance);
    } catch (error) {
      if (error instanceof BulkheadFullError) countRefused(this.service);
      throw error;
    }
  }

  async #run<Result>(
    request: () => Promise<Result>,
    isAnswer: (outcome: Outcome<Result>) => boolean,
    errand: Running,
  ): Promise<Result> {
    const { gates } = errand;
    const { longestPatienceMs } = this.limits;
    const known = gates.slice(1).filter(({ typical }) => typical.isKnown);
    const patience = known.length === 0 ? longestPatienceMs : Math.max(...known.map(({ typical }) => typical.patience));
    const isSilent = gates.some(({ limit }) => limit.isSilent);
    const wait = isSilent
      ? Math.min(TRIAL_INTERVAL, longestPatienceMs)
      : this.#all.limit.isNew
        ? this.#firstWait
        : patience;
    let immediate: NodeJS.Immediate | undefined;
    const timer = setTimeout(() => {
      // Answers that are here already are read before.
      immediate = setImmediate(() => {
        this.#countLate(errand);
      });
    }, round(wait));
    const startedAt = performance.now();
    let isAnswered = false;
    recordConcurrency(this.service, 1, this.#all.limit.value);
    try {
      const result = await request();
      isAnswered = isAnswer({ result });
      return result;
    } catch (error) {
      isAnswered = isAnswer({ error });
      throw error;
    } finally {
      clearTimeout(timer);
      clearImmediate(immediate);
      if (errand.isWithoutPlace) this.#withoutPlace -= 1;
      this.#leave(errand, isAnswered ? performance.now() - startedAt : undefined, { wait, patience });
    }
  }

  #countLate(errand: Running): void {
    if (!this.limits.isAdaptive) return;
    const { gates, passages, party, freePlace } = errand;
    // While others are answered, one party's requests may take longer than theirs.
    const areOthersAnswered = passages.some((passage, index) => gates[index]?.limit.hasAnsweredSince(passage));
    passages.forEach((passage, index) => {
      const gate = gates[index];
      if (gate?.isOwn) gate.limit.countLate(passage, undefined, areOthersAnswered ? OWN_WINDOW : WINDOW);
      else gate?.limit.countLate(passage, party, WINDOW);
    });
    const isFreed = gates.some(({ limit }) => limit.isSilent) || !this.#all.limit.isLowered;
    if (isFreed) passages.forEach((passage, index) => gates[index]?.limit.giveUp(passage));
    errand.isWithoutPlace = isFreed && this.#withoutPlace < this.limits.maxConcurrent;
    if (errand.isWithoutPlace) {
      this.#withoutPlace += 1;
      freePlace();
    }
    this.#queue.review();
  }

  /** @param duration - milliseconds until the answer; `undefined` without one */
  #leave(
    { gates, passages }: Running,
    duration: number | undefined,
    { wait, patience }: { readonly wait: number; readonly patience: number },
  ): void {
    const isLate = duration !== undefined && duration > patience;
    const answer = duration === undefined ? undefined : isLate || duration > wait ? 'late' : 'in time';
    const wereSilent = gates.filter(({ limit }) => limit.isSilent);
    passages.forEach((passage, index) => {
      gates[index]?.limit.leave(passage, answer);
    });
    const [, ofKind, ofParty] = gates;
    const [passage] = passages;
    if (duration !== undefined && ofKind && ofParty && passage) {
      const { isLoaded } = this.#trend;
      const typical = [ofKind.typical, ofParty.typical];
      if (!isLate) for (const one of typical) one.learn(duration, { isLate, isLoaded });
      else if (wereSilent.length > 0) {
        // It was slow, and nobody knew.
        ofParty.typical.accept(duration);
        if (wereSilent.some(({ isOwn }) => !isOwn)) ofKind.typical.accept(duration);
      }
      const answered = { isLate, milliseconds: duration, ratio: duration / patience, typical };
      this.#trend.add(passage, answered);
    }
    recordConcurrency(this.service, -1, this.#all.limit.value);
  }

  #getGate(members: readonly string[]): Gate {
    const key = JSON.stringify(members);
    let gate = this.#gates.get(key);
    if (!gate) {
      gate = this.#createGate(members.length > 1);
      this.#gates.set(key, gate);
    }
    return gate;
  }

  #createGate(isOwn: boolean): Gate {
    const { maxConcurrent, longestPatienceMs } = this.limits;
    return { limit: new AdaptiveLimit(maxConcurrent), isOwn, typical: new TypicalDuration(longestPatienceMs) };
  }
}

/** A request that runs. */
interface Running {
  readonly gates: readonly Gate[];
  /** Through each of the gates. */
  readonly passages: readonly Passage[];
  readonly party: string;
  readonly freePlace: () => void;
  isWithoutPlace: boolean;
}

function round(milliseconds: number): number {
  return milliseconds < 2 * TICK ? milliseconds : Math.floor(milliseconds / TICK) * TICK;
}
