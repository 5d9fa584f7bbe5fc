import { randomBytes } from 'node:crypto';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CallerLimits } from '../../limits/caller-limits.js';
import type { Holder } from '../../limits/tally.js';
import { FairCache, measureText } from '../../limits/fair-cache.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { deriveKey } from '../../replicas/composite-key.js';
import { MemoryStore, SharedSealedStore, type SealedStore, type SealedValue } from '../../replicas/sealed-store.js';
import type { WrittenLife } from '../../replicas/written-life.js';
import { AccountLife } from './account-life.js';

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
  /** How long the access token lasts; `undefined` if that is unknown. */
  readonly life?: AccountLife | undefined;
  readonly refreshToken?: string | undefined;
  /** Requested scopes. */
  readonly scopes: readonly string[];
  /** Granted scopes, if they are fewer than the requested ones. */
  readonly grantedScopes?: readonly string[] | undefined;
}

/** An account as it is stored. */
type StoredAccount = Omit<LinkedAccount, 'life'> & { readonly life?: WrittenLife };

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

/** Milliseconds for which an account serves after the store had it last. */
const LONGEST_HOLD = 60 * 60_000;

/** Stored requests, states and linked accounts. Every method throws if the store fails. */
@Injectable()
export class LinkRecords implements OnApplicationShutdown {
  readonly #accounts: SealedStore;
  readonly #pending: SealedStore;
  /** Accounts that this process has used, for when the shared store cannot be read. */
  readonly #used: FairCache<LinkedAccount> | undefined;

  constructor(
    private readonly options: ResolvedOptions,
    limits: CallerLimits,
  ) {
    const { shared } = options.replicas;
    const pending = limits.of('pendingLinks');
    this.#accounts = shared
      ? new SharedSealedStore(shared, 'accounts', options.resource)
      : new MemoryStore(limits.of('linkedAccounts'));
    this.#used = shared && new FairCache(limits.of('cachedTokens'));
    this.#pending = shared
      ? new SharedSealedStore(shared, 'link-requests', options.resource, pending)
      : new MemoryStore(pending);
  }

  /** Called by Nest. Running requests must not reconnect the store. */
  onApplicationShutdown(): void {
    this.#accounts.stop();
    this.#pending.stop();
    this.#used?.clear();
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
    const key = this.deriveAccountKey(owner);
    const found = await this.#accounts.read(key);
    const known = this.#used?.get(key);
    this.#used?.delete(key);
    if (!found) return undefined;
    const account = readAccount(found, known);
    this.#holdUsed(owner, account);
    return account;
  }

  /** An account that this process has used lately, whose token is still valid. For when the store cannot be read. */
  findUsedAccount(owner: AccountOwner): LinkedAccount | undefined {
    return this.#used?.get(this.deriveAccountKey(owner));
  }

  async keepAccount(owner: AccountOwner, account: LinkedAccount): Promise<void> {
    const { life, refreshToken } = account;
    const key = this.deriveAccountKey(owner);
    const freshForMs = life?.msToReplacement;
    await this.#accounts.set(key, JSON.stringify({ ...account, life: life?.write() }), {
      holder: toHolder(owner),
      lifetimeMs: freshForMs === undefined || refreshToken !== undefined ? ACCOUNT_LIFETIME : Math.max(1, freshForMs),
      freshForMs,
    });
    if (this.#used?.get(key)) this.#holdUsed(owner, account);
  }

  #holdUsed(owner: AccountOwner, account: LinkedAccount): void {
    const { life, accessToken, refreshToken = '' } = account;
    this.#used?.offer(this.deriveAccountKey(owner), account, {
      holder: toHolder(owner),
      lifetimeMs: Math.min(LONGEST_HOLD, life?.msToEnd ?? LONGEST_HOLD),
      bytes: measureText(accessToken, refreshToken),
    });
  }

  /** @returns whether the account existed */
  async dropAccount(owner: AccountOwner): Promise<boolean> {
    this.#used?.delete(this.deriveAccountKey(owner));
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

/** @param known - what this process knows of the account since it used it last */
function readAccount({ value, isFresh }: SealedValue, known: LinkedAccount | undefined): LinkedAccount {
  const { life, ...account } = JSON.parse(value) as StoredAccount;
  // A store without a clock cannot tell how old a token is. This process knows since when it has used it.
  if (isFresh === undefined && known?.accessToken === account.accessToken) return { ...account, life: known.life };
  return { ...account, ...(life && { life: AccountLife.read(life, isFresh) }) };
}

function parse(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}
