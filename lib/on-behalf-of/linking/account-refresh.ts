import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { ClientCredentialsError } from '../../errors/client-credentials-error.js';
import { TemporaryFailureError, type DownstreamError } from '../../errors/downstream-error.js';
import { ExchangeHealth } from '../exchange/exchange-health.js';
import { classifyExchangeFailure } from '../failures/failure-table.js';
import { TokenEndpointError } from '../../errors/token-endpoint-error.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { deriveKey } from '../../replicas/composite-key.js';
import { Guarded } from '../../replicas/guarded.js';
import { Turns } from '../../replicas/turns.js';
import { waitFor } from '../../time/time-limit.js';
import { IssuerOutages, LateError, PATIENCE, PausedError } from '../token-cache/issuer-outages.js';
import type { TokenSource } from '../token-cache/token-request.js';
import { AccountServers, type LinkedDownstream } from './account-servers.js';
import { LinkRecords, type AccountOwner, type LinkedAccount } from './link-records.js';
import { toTokenEndpointError } from './oauth-failure.js';

/** Milliseconds for which a replica waits for its turn: longer than any turn lasts. */
const LONGEST_WAIT = 12_000;

/** Average milliseconds between two checks whether another replica has finished. */
const PAUSE = 50;

/**
 * Refreshes the tokens of accounts, one request at a time per account. A refresh token may be valid only once, and a
 * server that sees it twice may take it for stolen (RFC 9700 section 4.14.2). All other changes of an account wait for
 * their turn too.
 */
@Injectable()
export class AccountRefresh {
  readonly #turns: Turns | undefined;
  /** The last turn that is queued in this process, by account. */
  readonly #last = new Map<string, Promise<unknown>>();
  readonly #outages = new IssuerOutages();
  readonly #running = new Map<string, Promise<LinkedAccount | undefined>>();

  constructor(
    { replicas: { shared } }: ResolvedOptions,
    private readonly records: LinkRecords,
    private readonly servers: AccountServers,
    private readonly health: ExchangeHealth,
  ) {
    this.#turns =
      shared && new Turns(shared, new Guarded('The lock of linked accounts', 'LinkedAccounts', shared.timeoutMs));
  }

  /**
   * The account with a usable access token. While no new one can be had, that is the one that is still valid, as for
   * exchanged tokens.
   *
   * @param refused - an access token that the API refused
   * @returns `undefined` if there is no account, or its tokens cannot be renewed
   * @throws {@link DownstreamError} if the authorization server cannot be asked, or what the store throws
   */
  async getUsable(
    owner: AccountOwner,
    target: LinkedDownstream,
    refused: string | undefined,
  ): Promise<LinkedAccount | undefined> {
    const source = this.#nameSource(target);
    let account: LinkedAccount | undefined;
    try {
      account = await this.records.findAccount(owner);
    } catch (error) {
      // The account may have changed, or be gone. It is used as long as nobody can tell.
      const used = this.records.findUsedAccount(owner);
      if (!used || !isAlive(used, refused)) throw error;
      this.#outages.recordUse(source);
      return used;
    }
    if (!account || isGood(account, refused)) return account;
    const asking = { source, isFinal: () => false, isTemporary, obtain: () => this.#join(owner, target, account) };
    if (!isAlive(account, refused)) return await this.#outages.ask(asking, false);
    try {
      return await waitFor(this.#outages.ask(asking, true), PATIENCE, () => new LateError());
    } catch (error) {
      if (!isTemporary(error)) throw error;
      this.#outages.recordUse(source);
      return account;
    }
  }

  /** Refreshes an account, or waits for the refresh that is running. */
  async #join(owner: AccountOwner, target: LinkedDownstream, account: LinkedAccount) {
    const key = this.records.deriveAccountKey(owner);
    let running = this.#running.get(key);
    if (!running) {
      running = this.#runAlone(key, () => this.#refresh(owner, target, account.accessToken)).finally(() =>
        this.#running.delete(key),
      );
      this.#running.set(key, running);
    }
    return await running;
  }

  #nameSource({ name, linked }: LinkedDownstream): TokenSource {
    return { issuer: linked.issuer ?? linked.tokenEndpoint ?? name, downstream: name };
  }

  /** Replaces an account. @throws what the store throws */
  async replace(owner: AccountOwner, account: LinkedAccount): Promise<void> {
    await this.#runAlone(this.records.deriveAccountKey(owner), () => this.records.keepAccount(owner, account));
  }

  /**
   * Forgets an account.
   *
   * @returns the forgotten account
   * @throws what the store throws
   */
  async drop(owner: AccountOwner): Promise<LinkedAccount | undefined> {
    return await this.#runAlone(this.records.deriveAccountKey(owner), async () => {
      const account = await this.records.findAccount(owner);
      await this.records.dropAccount(owner);
      return account;
    });
  }

  /** Runs turns one after the other: in this process and, with a lock, in all replicas. */
  async #runAlone<Result>(key: string, action: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(key);
    const result = (async () => {
      await before?.catch(() => undefined);
      return await this.#runInTurn(key, action);
    })();
    this.#last.set(key, result);
    try {
      return await result;
    } finally {
      if (this.#last.get(key) === result) this.#last.delete(key);
    }
  }

  async #runInTurn<Result>(key: string, action: () => Promise<Result>): Promise<Result> {
    const deadline = performance.now() + LONGEST_WAIT;
    for (;;) {
      const turn = await this.#turns?.take(key);
      if (turn?.of !== 'another' || performance.now() >= deadline) {
        try {
          return await action();
        } finally {
          await turn?.end();
        }
      }
      await sleep(PAUSE * (0.5 + Math.random()));
    }
  }

  async #refresh(owner: AccountOwner, target: LinkedDownstream, outdated: string): Promise<LinkedAccount | undefined> {
    // Another replica may have refreshed since.
    const account = await this.records.findAccount(owner);
    if (!account || isGood(account, outdated)) return account;
    const { refreshToken } = account;
    if (refreshToken === undefined) return undefined;
    let refreshed: LinkedAccount;
    try {
      refreshed = await this.servers.refresh(owner, target, account, refreshToken);
    } catch (error) {
      const failure = toTokenEndpointError(error);
      if (!isUserNeeded(failure)) throw this.#toFailure(owner, target, failure);
      // Without a lock, another replica may have used the refresh token first.
      const current = await this.records.findAccount(owner);
      if (current && current.refreshToken !== refreshToken) return current;
      await this.records.dropAccount(owner);
      return undefined;
    }
    this.health.recordSuccess(target.name);
    await this.#keep(owner, refreshed);
    return refreshed;
  }

  #toFailure(owner: AccountOwner, target: LinkedDownstream, caught: unknown): DownstreamError {
    const failure = classifyExchangeFailure(caught, target, REFRESH);
    // What the server refuses may be the refresh token of this user. It asked for the credentials of this server alone.
    const isOfServer = failure.code === 'client_rejected' || caught instanceof ClientCredentialsError;
    const party = isOfServer ? undefined : deriveKey('exchange-party', owner.issuer, owner.subject);
    this.health.recordFailure(target.name, failure, { party });
    return failure;
  }

  /** Tries twice, because a lost answer is final: the old refresh token may be invalid. */
  async #keep(owner: AccountOwner, account: LinkedAccount): Promise<void> {
    try {
      await this.records.keepAccount(owner, account);
    } catch {
      await this.records.keepAccount(owner, account);
    }
  }
}

const REFRESH = { grantTypes: ['refresh_token'] };

/** Errors that only the user can fix: RFC 6749 section 5.2, GitHub's, and OpenID Connect Core section 3.1.2.6. */
const ERRORS_OF_USER = [
  'invalid_grant',
  'bad_refresh_token',
  'interaction_required',
  'login_required',
  'consent_required',
];

function isUserNeeded(failure: unknown): boolean {
  return failure instanceof TokenEndpointError && ERRORS_OF_USER.includes(failure.failure.error ?? '');
}

function isTemporary(failure: unknown): boolean {
  return failure instanceof TemporaryFailureError || failure instanceof PausedError || failure instanceof LateError;
}

/** Whether the token is not to be replaced yet. */
function isGood({ accessToken, life }: LinkedAccount, refused: string | undefined): boolean {
  return accessToken !== refused && life?.msToReplacement !== 0;
}

/** Whether the token can still be used, even if it is to be replaced. Without a new one the user has to act anyway. */
function isAlive({ accessToken, life }: LinkedAccount, refused: string | undefined): boolean {
  return accessToken !== refused && life?.msToEnd !== 0;
}
