import { randomBytes } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { deriveKey } from '../../replicas/cache-key.js';
import { MemoryStore, SharedSealedStore, type SealedStore } from '../../replicas/sealed-store.js';

/** Whose account it is, and at which API. */
export interface AccountOwner {
  /** `iss` of the caller's token. */
  readonly issuer: string;
  /** `sub` of the caller's token. */
  readonly subject: string;
  /** Name of the downstream. */
  readonly downstream: string;
}

/** An account that a user has linked: what its authorization server gave for it. */
export interface LinkedAccount {
  readonly accessToken: string;
  /** Milliseconds since the epoch, shortly before it expires; `undefined` where nobody said. */
  readonly expiresAt?: number | undefined;
  readonly refreshToken?: string | undefined;
  /** Scopes that were asked for. */
  readonly scopes: readonly string[];
  /** Where they are fewer than those asked for. */
  readonly grantedScopes?: readonly string[] | undefined;
}

/** A user has been asked to link an account. */
export interface LinkRequest extends AccountOwner {
  /** `tid` of the caller's token, where its issuer has tenants. */
  readonly tenant?: string | undefined;
  /** What names the user in ID tokens. */
  readonly identity: string;
}

/** A browser has been sent away, and is to come back with a code. */
export interface LinkStep {
  readonly kind: 'sign-in' | 'authorization';
  /** {@link LinkRecords.deriveRequestKey} the request. */
  readonly requestId: string;
  readonly request: LinkRequest;
  /** Hash of what the browser has in its cookie. */
  readonly browser: string;
  /** RFC 7636 section 4.1. */
  readonly codeVerifier: string;
  /** OpenID Connect Core section 3.1.2.1. */
  readonly nonce?: string | undefined;
}

/** Milliseconds in which a link has to be opened, and in which a browser has to come back from each server. */
export const REQUEST_LIFETIME = 10 * 60_000;

/** Milliseconds for which an account stays linked since its tokens were last got. */
const ACCOUNT_LIFETIME = 366 * 24 * 60 * 60_000;

const MAX_PENDING = 10_000;

/** What has to be remembered to link accounts, and of those that are. Every method throws where the store fails. */
@Injectable()
export class LinkRecords implements OnApplicationShutdown {
  readonly #accounts: SealedStore;
  readonly #pending: SealedStore;

  constructor(private readonly options: ResolvedOptions) {
    const { shared } = options.replicas;
    this.#accounts = shared ? new SharedSealedStore(shared, 'linking') : new MemoryStore(Number.POSITIVE_INFINITY);
    this.#pending = shared ? this.#accounts : new MemoryStore(MAX_PENDING);
  }

  /** Called by Nest: what is still running must not connect the store anew. */
  onApplicationShutdown(): void {
    this.#accounts.stop();
    this.#pending.stop();
  }

  /**
   * Key of an account: the same in all replicas, and of this server alone. Tokens that one authorization server gave, for
   * one API, are not shown to another that takes its place in the configuration.
   */
  deriveAccountKey({ issuer, subject, downstream }: AccountOwner): string {
    const { linked, resource } = this.options.downstreams.get(downstream) ?? {};
    const server = [linked?.issuer, linked?.authorizationEndpoint, linked?.tokenEndpoint, linked?.client.id];
    return deriveKey(['account', this.options.resource, issuer, subject, downstream, ...server, ...[resource].flat()]);
  }

  /** The key of a request, which does not tell its id. */
  deriveRequestKey(id: string): string {
    return deriveKey(['request', this.options.resource, id]);
  }

  async findAccount(owner: AccountOwner): Promise<LinkedAccount | undefined> {
    return parse(await this.#accounts.get(this.deriveAccountKey(owner))) as LinkedAccount | undefined;
  }

  async keepAccount(owner: AccountOwner, account: LinkedAccount): Promise<void> {
    const { expiresAt, refreshToken } = account;
    const isShort = expiresAt !== undefined && refreshToken === undefined;
    const lifetime = isShort ? Math.max(1, expiresAt - Date.now()) : ACCOUNT_LIFETIME;
    await this.#accounts.set(this.deriveAccountKey(owner), JSON.stringify(account), lifetime);
  }

  /** @returns whether there was one */
  async dropAccount(owner: AccountOwner): Promise<boolean> {
    return await this.#accounts.delete(this.deriveAccountKey(owner));
  }

  /** @returns the unguessable id of the request */
  async openRequest(request: LinkRequest): Promise<string> {
    const id = randomBytes(32).toString('base64url');
    await this.#pending.set(this.deriveRequestKey(id), JSON.stringify(request), REQUEST_LIFETIME);
    return id;
  }

  async findRequest(id: string): Promise<LinkRequest | undefined> {
    return parse(await this.#pending.get(this.deriveRequestKey(id))) as LinkRequest | undefined;
  }

  /** @returns whether the request was still open; `true` but once */
  async closeRequest(requestId: string): Promise<boolean> {
    return await this.#pending.delete(requestId);
  }

  async keepStep(state: string, step: LinkStep): Promise<void> {
    await this.#pending.set(this.#deriveStepKey(state), JSON.stringify(step), REQUEST_LIFETIME);
  }

  /** What a state stands for; but once. */
  async takeStep(state: string): Promise<LinkStep | undefined> {
    const key = this.#deriveStepKey(state);
    const step = parse(await this.#pending.get(key)) as LinkStep | undefined;
    return step && (await this.#pending.delete(key)) ? step : undefined;
  }

  #deriveStepKey(state: string): string {
    return deriveKey(['step', this.options.resource, state]);
  }
}

function parse(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}
