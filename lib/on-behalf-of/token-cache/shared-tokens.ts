import { randomUUID } from 'node:crypto';
import type { ExchangedToken } from '../dialects/dialect.js';
import type { ResolvedStore } from '../../replicas/replica-options.js';
import { deriveKey } from '../../replicas/composite-key.js';
import { Guarded } from '../../replicas/guarded.js';
import { KeyRing } from '../../replicas/key-ring.js';
import type { Revocation } from '../../resource-server/access/revocation.js';
import { SharedStore } from '../../replicas/shared-store.js';
import { computeAge, LIFE_OF_UNKNOWN_AGE } from '../../replicas/written-life.js';
import { LONGEST_LIFE, type Marks, type TokenLife } from './token-lifetime.js';
import type { TokenOwner } from './token-owner.js';

/** Milliseconds for which a mark stays: longer than all tokens from before it. */
const MARK_LIFE = LONGEST_LIFE + 60 * 60_000;

/** What the store contains. */
export interface Found {
  readonly life: TokenLife | undefined;
  readonly marks: Marks;
  /** Whether there is a token of a replica with another clock, whose age cannot be known. */
  readonly isAgeUnknown?: boolean;
}

/**
 * Compact stored form: value, type, scopes, when it was kept by the clock of the replica that wrote it, milliseconds from
 * then until it is to be replaced, and until it is of no use, marks.
 */
type Sealed = readonly [string, ExchangedToken['type'], readonly string[] | null, number, number, number, Marks];

/** Exchanged tokens in a store that replicas share. They are encrypted there. The store may fail at any time. */
export class SharedTokens {
  readonly #store: SharedStore;
  readonly #ring: KeyRing;
  readonly #prefix: string;

  constructor(
    { store, keys, namespace }: ResolvedStore,
    private readonly guarded: Guarded,
  ) {
    this.#store = new SharedStore(store);
    this.#ring = new KeyRing(keys, 'tokens');
    this.#prefix = `${namespace}:v1`;
  }

  /** @returns `undefined` if the store does not answer */
  async find(id: string, owner: TokenOwner): Promise<Found | undefined> {
    const place = this.#buildTokenKey(id);
    const keys = [place, ...this.#listMarkKeys(owner)];
    const values = await this.guarded.attempt(() => this.#store.readWhateverTheClock(keys));
    if (!values) return undefined;
    const marks: Marks = [readMark(values[1]), readMark(values[2])];
    return { ...this.#open(values[0], place, marks), marks };
  }

  async keep(id: string, { token, keptAt, expiresAt, usableUntil }: TokenLife, marks: Marks): Promise<void> {
    const place = this.#buildTokenKey(id);
    const { value: text, type, grantedScopes = null } = token;
    const sealed: Sealed = [text, type, grantedScopes, keptAt, expiresAt - keptAt, usableUntil - keptAt, marks];
    const value = this.#ring.seal(JSON.stringify(sealed), place);
    const lifetime = expiresAt - Date.now();
    if (lifetime > 0) await this.guarded.attempt(() => this.#store.write(place, value, lifetime));
  }

  async drop(id: string): Promise<void> {
    await this.guarded.attempt(() => this.#store.delete(this.#buildTokenKey(id)));
  }

  /** @throws if the store fails */
  async revoke(revocation: Revocation): Promise<void> {
    const keys = this.#listRevokedKeys(revocation);
    await Promise.all(keys.map((key) => this.guarded.insist(() => this.#store.write(key, randomUUID(), MARK_LIFE))));
  }

  #open(value: unknown, place: string, marks: Marks): Omit<Found, 'marks'> {
    const opened = this.#ring.open(value, place);
    if (opened === undefined) return { life: undefined };
    const [token, type, scopes, writtenAt, replacedAfter, usableFor, since] = JSON.parse(opened) as Sealed;
    if (!Array.isArray(since) || !marks.every((mark, at) => mark === since[at])) return { life: undefined };
    const now = Date.now();
    const age = computeAge({ writtenAt, usableFor });
    const toLife = (keptAt: number, replaced: number, usable: number): TokenLife => {
      const expiresAt = keptAt + replaced;
      const told = { value: token, type, expiresInMs: expiresAt - now, ...(scopes && { grantedScopes: scopes }) };
      return { token: told, keptAt, expiresAt, usableUntil: keptAt + usable, marks };
    };
    if (age !== undefined) {
      const keptAt = now - age;
      return { life: now < keptAt + replacedAfter ? toLife(keptAt, replacedAfter, usableFor) : undefined };
    }
    if (!this.#store.expiresByItself) return { life: undefined, isAgeUnknown: true };
    // The store still has it, by its own clock, so it is not over.
    return { life: toLife(now, LIFE_OF_UNKNOWN_AGE, LIFE_OF_UNKNOWN_AGE), isAgeUnknown: true };
  }

  #buildTokenKey(id: string): string {
    return `${this.#prefix}:token:${id}`;
  }

  #listMarkKeys({ issuer, subject, sessionId }: TokenOwner): string[] {
    return [
      this.#buildMarkKey('subject', issuer, subject),
      sessionId === undefined
        ? this.#buildMarkKey('sessionless', issuer, subject)
        : this.#buildMarkKey('session', issuer, sessionId),
    ];
  }

  #listRevokedKeys({ issuer, subject, sessionId }: Revocation): string[] {
    if (sessionId === undefined) return subject === undefined ? [] : [this.#buildMarkKey('subject', issuer, subject)];
    return [
      this.#buildMarkKey('session', issuer, sessionId),
      ...(subject === undefined ? [] : [this.#buildMarkKey('sessionless', issuer, subject)]),
    ];
  }

  #buildMarkKey(kind: string, issuer: string, name: string): string {
    return `${this.#prefix}:mark:${deriveKey('revocation-mark', kind, issuer, name)}`;
  }
}

/** Garbage counts as a mark: it differs from the mark before it. */
function readMark(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : typeof value;
}
