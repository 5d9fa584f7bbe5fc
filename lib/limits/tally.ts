import { createHash } from 'node:crypto';
import { getAddress } from './caller-address.js';
import type { Cap, QuantityCaps } from './limit-options.js';

/** Who something is held for; `undefined` for a caller without a token. A `Caller` is one. */
export interface Holder {
  /** `iss` of the token. */
  readonly issuer: string;
  /** `sub` of the token. */
  readonly subject: string;
  readonly clientId?: string | undefined;
  readonly appOnly?: boolean | undefined;
}

/** What may be taken away from its holder. */
export interface Displaceable {
  readonly holder: Holder | undefined;
  displace(): void;
}

/** What one holder has of one quantity. */
export class Tally {
  count = 0;
  bytes = 0;
  /** What may be taken away, the oldest first. */
  #displaceable: Set<Displaceable> | undefined;

  constructor(
    readonly key: string,
    readonly cap: Cap,
  ) {}

  /** Whether so much more would be too much. */
  isFullFor({ count, bytes }: Cap): boolean {
    return this.count + count > this.cap.count || this.bytes + bytes > this.cap.bytes;
  }

  /** The part of a cap that is taken, or would be with so much more: of its entries or of its bytes. */
  computePart(cap: Cap, more: Cap = { count: 0, bytes: 0 }): number {
    return Math.max((this.count + more.count) / cap.count, (this.bytes + more.bytes) / cap.bytes);
  }

  /** The oldest of what may be taken away. */
  findDisplaceable(): Displaceable | undefined {
    const [oldest] = this.#displaceable ?? [];
    return oldest;
  }

  /** Counts something that may be taken away as the youngest. */
  offer(displaceable: Displaceable): void {
    this.#displaceable ??= new Set();
    this.#displaceable.add(displaceable);
  }

  /** @returns whether it was there */
  withdraw(displaceable: Displaceable): boolean {
    return this.#displaceable?.delete(displaceable) ?? false;
  }
}

/**
 * The keys and caps of what a holder counts toward: the caller, then the user with all clients. Callers without a token
 * are told apart by their address. Several people may be behind one, so that it has the share of a user.
 */
export function listTallies(
  holder: Holder | undefined,
  { perCaller, perUser, anonymous }: QuantityCaps,
  address = getAddress(),
): readonly (readonly [key: string, cap: Cap])[] {
  if (!holder) {
    const all = ['anonymous', anonymous] as const;
    return address === undefined ? [all] : [[hash(['address', address]), perUser], all];
  }
  const [ofCaller, ofUser] = deriveKeys(holder);
  return [
    [ofCaller, perCaller],
    [ofUser, perUser],
  ];
}

type Keys = readonly [ofCaller: string, ofUser: string];

/** All requests with a token share one caller, so that its keys are made once. */
const keysOf = new WeakMap<Holder, Keys>();

function deriveKeys(holder: Holder): Keys {
  const known = keysOf.get(holder);
  if (known) return known;
  const { issuer, subject, clientId } = holder;
  const keys: Keys = [hash([issuer, subject, clientId ?? null]), hash([issuer, subject])];
  // Of a caller that may still change they would be wrong later.
  if (Object.isFrozen(holder)) keysOf.set(holder, keys);
  return keys;
}

function hash(members: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}
