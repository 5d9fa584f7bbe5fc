import { randomUUID } from 'node:crypto';
import type { ExchangedToken } from '../dialects/dialect.js';
import type { ResolvedStore } from '../../replicas/replica-options.js';
import { deriveKey } from '../../replicas/composite-key.js';
import { Guarded } from '../../replicas/guarded.js';
import { KeyRing } from '../../replicas/key-ring.js';
import type { Revocation } from '../../resource-server/access/revocation.js';
import { SharedStore } from '../../replicas/shared-store.js';
import { LONGEST_LIFE, type TokenLife } from './token-lifetime.js';
import type { TokenOwner } from './token-owner.js';

/** Milliseconds by which the clocks of replicas may differ. A token from the future was kept by a wrong clock. */
const CLOCK_TOLERANCE = 60_000;

/** Milliseconds for which a mark stays: longer than all tokens from before it. */
const MARK_LIFE = LONGEST_LIFE + 60 * 60_000;

/**
 * What a revocation changes: one mark of the user, and one of the session. A token is valid while the marks equal those
 * from before it was obtained. Clocks need not agree for that.
 */
export type Marks = readonly [subject: string, session: string];

/** What the store contains. */
export interface Found {
  readonly life: TokenLife | undefined;
  readonly marks: Marks;
}

/** Compact stored form: value, type, scopes, kept at, expires at, marks. */
type Sealed = readonly [string, ExchangedToken['type'], readonly string[] | null, number, number, Marks];

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
    const values = await this.guarded.attempt(() => this.#store.read(keys));
    if (!values) return undefined;
    const marks: Marks = [readMark(values[1]), readMark(values[2])];
    return { life: this.#open(values[0], place, marks), marks };
  }

  async keep(id: string, { token, keptAt, expiresAt }: TokenLife, marks: Marks): Promise<void> {
    const place = this.#buildTokenKey(id);
    const sealed: Sealed = [token.value, token.type, token.grantedScopes ?? null, keptAt, expiresAt, marks];
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

  #open(value: unknown, place: string, marks: Marks): TokenLife | undefined {
    const opened = this.#ring.open(value, place);
    if (opened === undefined) return undefined;
    const [token, type, scopes, keptAt, expiresAt, since] = JSON.parse(opened) as Sealed;
    const now = Date.now();
    const isGood = now < expiresAt && keptAt <= now + CLOCK_TOLERANCE && marks.every((mark, at) => mark === since[at]);
    if (!isGood) return undefined;
    return {
      token: { value: token, type, expiresInMs: expiresAt - now, ...(scopes && { grantedScopes: scopes }) },
      keptAt,
      expiresAt,
    };
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
