import { randomBytes } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CallerLimits } from '../../limits/caller-limits.js';
import type { Holder } from '../../limits/tally.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { deriveKey } from '../../replicas/composite-key.js';
import { MemoryStore, SharedSealedStore, type SealedStore } from '../../replicas/sealed-store.js';

/** The user who owns an account, and the API that it is at. */
export interface AccountOwner {
  /** `iss` of the caller's token. */
  readonly issuer: string;
  /** `sub` of the caller's token. */
  readonly subject: string;
  /** Name of the downstream. */
  readonly downstream: string;
}

/** A linked account, with the tokens from its authorization server. */
export interface LinkedAccount {
  readonly accessToken: string;
  /**
   * When the access token is to be replaced, shortly before it expires, in milliseconds since the epoch; `undefined` if
   * its expiry is unknown.
   */
  readonly expiresAt?: number | undefined;
  /** Until when it is used as long as no new one can be had, in milliseconds since the epoch. */
  readonly usableUntil?: number | undefined;
  readonly refreshToken?: string | undefined;
  /** Requested scopes. */
  readonly scopes: readonly string[];
  /** Granted scopes, if they are fewer than the requested ones. */
  readonly grantedScopes?: readonly string[] | undefined;
}

/** A request to a user to link an account. */
export interface LinkRequest extends AccountOwner {
  /** `tid` of the caller's token, where its issuer has tenants. */
  readonly tenant?: string | undefined;
  /** The claim value that names the user in ID tokens. */
  readonly identity: string;
}

/** A browser that was redirected, and should return with a code. */
export interface LinkStep {
  readonly kind: 'sign-in' | 'authorization';
  /** {@link LinkRecords.deriveRequestKey} of the request. */
  readonly requestId: string;
  readonly request: LinkRequest;
  /** Hash of the browser's cookie. */
  readonly browser: string;
  /** RFC 7636 section 4.1. */
  readonly codeVerifier: string;
  /** OpenID Connect Core section 3.1.2.1. */
  readonly nonce?: string | undefined;
}

/** Milliseconds in which a link has to be opened. A browser has the same time to return from each server. */
export const REQUEST_LIFETIME = 10 * 60_000;

/** Milliseconds for which an account stays linked after its tokens were last obtained. */
const ACCOUNT_LIFETIME = 366 * 24 * 60 * 60_000;

/** Stored requests, states and linked accounts. Every method throws if the store fails. */
@Injectable()
export class LinkRecords implements OnApplicationShutdown {
  readonly #accounts: SealedStore;
  readonly #pending: SealedStore;

  constructor(
    private readonly options: ResolvedOptions,
    limits: CallerLimits,
  ) {
    const { shared } = options.replicas;
    const pending = limits.of('pendingLinks');
    this.#accounts = shared
      ? new SharedSealedStore(shared, 'accounts', options.resource)
      : new MemoryStore(limits.of('linkedAccounts'));
    this.#pending = shared
      ? new SharedSealedStore(shared, 'link-requests', options.resource, pending)
      : new MemoryStore(pending);
  }

  /** Called by Nest. Running requests must not reconnect the store. */
  onApplicationShutdown(): void {
    this.#accounts.stop();
    this.#pending.stop();
  }

  /**
   * Key of an account. It is the same in all replicas, and belongs to this server alone. If the configuration names
   * another authorization server or API, the key differs, so the tokens of the former are not shown to the new one.
   */
  deriveAccountKey({ issuer, subject, downstream }: AccountOwner): string {
    const { linked, resource } = this.options.downstreams.get(downstream) ?? {};
    const server = [linked?.issuer, linked?.authorizationEndpoint, linked?.tokenEndpoint, linked?.client.id];
    return deriveKey('account', this.options.resource, issuer, subject, downstream, server, resource);
  }

  /** The key of a request. It does not reveal the request's id. */
  deriveRequestKey(id: string): string {
    return deriveKey('link-request', this.options.resource, id);
  }

  async findAccount(owner: AccountOwner): Promise<LinkedAccount | undefined> {
    return parse(await this.#accounts.get(this.deriveAccountKey(owner))) as LinkedAccount | undefined;
  }

  async keepAccount(owner: AccountOwner, account: LinkedAccount): Promise<void> {
    const { expiresAt, refreshToken } = account;
    const isShort = expiresAt !== undefined && refreshToken === undefined;
    const lifetime = isShort ? Math.max(1, expiresAt - Date.now()) : ACCOUNT_LIFETIME;
    await this.#accounts.set(this.deriveAccountKey(owner), JSON.stringify(account), {
      holder: toHolder(owner),
      lifetimeMs: lifetime,
    });
  }

  /** @returns whether the account existed */
  async dropAccount(owner: AccountOwner): Promise<boolean> {
    return await this.#accounts.delete(this.deriveAccountKey(owner));
  }

  /** @returns the unguessable id of the request */
  async openRequest(request: LinkRequest): Promise<string> {
    const id = randomBytes(32).toString('base64url');
    await this.#pending.set(this.deriveRequestKey(id), JSON.stringify(request), {
      holder: toHolder(request),
      lifetimeMs: REQUEST_LIFETIME,
    });
    return id;
  }

  async findRequest(id: string): Promise<LinkRequest | undefined> {
    return parse(await this.#pending.get(this.deriveRequestKey(id))) as LinkRequest | undefined;
  }

  /** @returns whether the request was still open; `true` only once */
  async closeRequest(requestId: string): Promise<boolean> {
    return await this.#pending.delete(requestId);
  }

  async keepStep(state: string, step: LinkStep): Promise<void> {
    await this.#pending.set(this.#deriveStepKey(state), JSON.stringify(step), {
      holder: toHolder(step.request),
      lifetimeMs: REQUEST_LIFETIME,
    });
  }

  /** The authorization that a state stands for. It is returned only once. */
  async takeStep(state: string): Promise<LinkStep | undefined> {
    const key = this.#deriveStepKey(state);
    const step = parse(await this.#pending.get(key)) as LinkStep | undefined;
    return step && (await this.#pending.delete(key)) ? step : undefined;
  }

  #deriveStepKey(state: string): string {
    return deriveKey('link-step', this.options.resource, state);
  }
}

/** A user has the same accounts by every client. */
function toHolder({ issuer, subject }: AccountOwner): Holder {
  return { issuer, subject };
}

function parse(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}
