import { LimitError } from '../errors/limit-error.js';
import { Recurrences } from '../log/recurrences.js';
import { countLimit, recordHeld } from '../observability/metrics.js';
import { Lease } from './lease.js';
import type { Cap, QuantityCaps } from './limit-options.js';
import { OVERHEAD, QUANTITIES, type Quantity } from './quantity.js';
import { Ranking } from './ranking.js';
import { listTallies, Tally, type Displaceable, type Holder } from './tally.js';

/** Milliseconds between two reports about the same holder. */
const REPORT_EVERY = 60_000;

/** What is to be held. */
export interface Demand {
  /** Entries. Defaults to 1. */
  readonly count?: number;
  /** Bytes of the content. Defaults to none. */
  readonly bytes?: number;
  /** Called when another one takes its place. Without it, none can. */
  readonly onDisplaced?: (() => void) | undefined;
}

/** A limit that a holder has met. */
export interface ReachedLimit {
  readonly quantity: Quantity;
  /** The limit of one caller, or that of all callers together. */
  readonly limit: 'caller' | 'server';
  /** Whether something was refused, or the holder lost something older. */
  readonly effect: 'refused' | 'displaced';
  readonly holder: Holder | undefined;
}

/**
 * Counts one quantity for each caller, each user and in all, in entries and in bytes. Nobody takes the share of others:
 * whoever holds the most makes room.
 */
export class Shares {
  readonly #tallies = new Map<string, Tally>();
  readonly #ranking = new Ranking();
  readonly #all: Tally;
  readonly #onFull = new Set<() => void>();
  /** By holder, also while nothing is held for it. */
  readonly #reports = new Recurrences();

  /**
   * @param quantity - what is counted
   * @param caps - how much there may be
   * @param report - called when the limit of a holder is met, at most once a minute for each
   */
  constructor(
    readonly quantity: Quantity,
    private readonly caps: QuantityCaps,
    private readonly report: (reached: ReachedLimit) => void = () => undefined,
  ) {
    this.#all = new Tally('all', caps.inAll);
  }

  /** Entries that are held now. */
  get count(): number {
    return this.#all.count;
  }

  /** Bytes that are held now. */
  get bytes(): number {
    return this.#all.bytes;
  }

  /** @param makeRoom - called when there is no room left; it may release what is of no use any more */
  onFull(makeRoom: () => void): void {
    this.#onFull.add(makeRoom);
  }

  /**
   * Takes a share. Makes room for it, if that is possible.
   *
   * @param holder - who it is held for; `undefined` for a caller without a token
   * @throws {@link LimitError} if the caller, or all callers together, hold too much
   */
  take(holder: Holder | undefined, { count = 1, bytes = 0, onDisplaced }: Demand = {}): Lease {
    const size = { count, bytes: bytes + OVERHEAD };
    const tallies = listTallies(holder, this.caps).map(([key, cap]) => this.#tallies.get(key) ?? new Tally(key, cap));
    const owner = tallies.at(-1) as Tally;
    for (const tally of tallies) this.#makeRoom(tally, owner, size, holder);
    this.#makeRoomInAll(owner, size, holder);
    const lease = new Lease(toHolder(holder), tallies, size, onDisplaced, this.#end);
    for (const tally of tallies) this.#tallies.set(tally.key, tally);
    for (const tally of [...tallies, this.#all]) this.#add(tally, lease, 1);
    recordHeld(this.quantity, count, size.bytes);
    return lease;
  }

  /** Counts a lease as the one that was used last. */
  touch(lease: Lease): void {
    lease.touch();
    const owner = lease.tallies.at(-1);
    if (owner) this.#ranking.touch(owner);
  }

  /** Makes room in what one caller or user may hold. */
  #makeRoom(tally: Tally, owner: Tally, size: Cap, holder: Holder | undefined): void {
    const { atCap } = QUANTITIES[this.quantity];
    const canFit = size.count <= tally.cap.count && size.bytes <= tally.cap.bytes;
    while (tally.isFullFor(size)) {
      const oldest = canFit && atCap === 'displace' ? tally.findDisplaceable() : undefined;
      if (!oldest) throw this.#refuse('caller', owner, holder);
      this.#displace(oldest, 'caller', owner);
    }
  }

  /** Makes room in what all may hold together: at the cost of the one who holds the most. */
  #makeRoomInAll(owner: Tally, size: Cap, holder: Holder | undefined): void {
    if (!this.#all.isFullFor(size)) return;
    for (const makeRoom of this.#onFull) makeRoom();
    const { atCap } = QUANTITIES[this.quantity];
    const { inAll } = this.caps;
    while (this.#all.isFullFor(size)) {
      const mine = owner.computePart(inAll, size);
      const heaviest = this.#ranking.findHeaviest((tally) => {
        const part = tally.computePart(inAll);
        const hasMore = tally !== owner && (atCap === 'displace' ? part >= mine : part > mine);
        return hasMore && tally.findDisplaceable() ? part : -1;
      });
      const loser = heaviest ?? (atCap === 'displace' ? owner : undefined);
      const oldest = loser?.findDisplaceable();
      if (!loser || !oldest) throw this.#refuse('server', owner, holder);
      this.#displace(oldest, 'server', loser);
    }
  }

  #displace(lease: Displaceable, limit: ReachedLimit['limit'], owner: Tally): void {
    this.#tell({ limit, effect: 'displaced', holder: lease.holder }, owner);
    lease.displace();
  }

  #refuse(limit: ReachedLimit['limit'], owner: Tally, holder: Holder | undefined): LimitError {
    this.#tell({ limit, effect: 'refused', holder }, owner);
    const { label } = QUANTITIES[this.quantity];
    return limit === 'caller'
      ? new LimitError(
          'caller_limit_reached',
          this.quantity,
          `Too many ${label}, or too large ones. End one, or try again later.`,
        )
      : new LimitError(
          'server_limit_reached',
          this.quantity,
          `The server has no room for more ${label}. Try again later.`,
        );
  }

  #tell(reached: Omit<ReachedLimit, 'quantity'>, owner: Tally): void {
    countLimit(this.quantity, reached.limit, reached.effect);
    if (this.#reports.note(owner.key, REPORT_EVERY) === undefined) return;
    this.report({ quantity: this.quantity, ...reached });
  }

  readonly #end = (lease: Lease): void => {
    for (const tally of [...lease.tallies, this.#all]) this.#add(tally, lease, -1);
    recordHeld(this.quantity, -lease.size.count, -lease.size.bytes);
  };

  #add(tally: Tally, lease: Lease, sign: 1 | -1): void {
    tally.count += sign * lease.size.count;
    tally.bytes += sign * lease.size.bytes;
    if (tally === this.#all) return;
    if (sign === -1) tally.withdraw(lease);
    else if (lease.onDisplaced) tally.offer(lease);
    if (tally.count === 0) {
      this.#tallies.delete(tally.key);
      this.#ranking.remove(tally);
    } else if (tally === lease.tallies.at(-1)) this.#ranking.place(tally, tally.computePart(this.caps.inAll));
  }
}

/** Keeps nothing of a caller but its name: not its token, and not its claims. */
function toHolder(holder: Holder | undefined): Holder | undefined {
  if (!holder) return undefined;
  const { issuer, subject, clientId, appOnly } = holder;
  return { issuer, subject, clientId, appOnly };
}
