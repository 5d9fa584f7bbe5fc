import { Injectable, type OnModuleInit } from '@nestjs/common';
import { CleanLogger } from '../../log/clean-logger.js';
import type { Caller } from '../../resource-server/access/caller.js';
import { CallerActionError, DownstreamError, TemporaryFailureError } from '../../errors/downstream-error.js';
import type { TokenDemand } from '../exchange/token-demand.js';
import type { ExchangedToken } from '../dialects/dialect.js';
import { createDownstreamError } from '../failures/failure-error.js';
import { describeError } from '../../errors/reason.js';
import type { ResolvedDownstream } from '../options/resolved-downstream.js';
import { ResolvedOptions } from '../../options/resolved-options.js';
import { createRedisLock } from '../../replicas/redis-lock.js';
import { AccountRefresh } from './account-refresh.js';
import { AccountServers, isLinked, type LinkedDownstream } from './account-servers.js';
import { LinkAudit } from './link-audit.js';
import { LinkRecords, type AccountOwner, type LinkedAccount } from './link-records.js';
import { buildLinkPath } from './link-paths.js';
import { toTokenEndpointError } from './oauth-failure.js';
import { readIdentity, UserSignIn } from './user-sign-in.js';

/** The accounts that one server's users have linked at APIs that their issuer does not reach. */
@Injectable()
export class ServerLinkedAccounts implements OnModuleInit {
  readonly #logger = new CleanLogger('LinkedAccounts');

  constructor(
    private readonly options: ResolvedOptions,
    private readonly records: LinkRecords,
    private readonly refresh: AccountRefresh,
    private readonly servers: AccountServers,
    private readonly signIn: UserSignIn,
    private readonly audit: LinkAudit,
  ) {}

  /** Called by Nest. Warns if the setup may lose accounts. */
  onModuleInit(): void {
    const names = [...this.options.downstreams.values()].flatMap(({ name, linked }) => (linked ? [name] : []));
    if (names.length === 0) return;
    const { shared } = this.options.replicas;
    if (!shared) {
      this.#logger.warn(
        `Accounts linked at ${names.join(', ')} are lost when this process ends, and unknown to others. Set \`replicas.store\`.`,
      );
    } else if (!shared.lock && !createRedisLock(shared.store)) {
      this.#logger.warn(
        `Replicas may refresh the tokens of an account at ${names.join(', ')} at once. Some servers take that for theft. Set \`replicas.lock\`.`,
      );
    }
  }

  /**
   * The token of the caller's account, refreshed if necessary.
   *
   * @throws {@link CallerActionError} with `caller_account_not_linked` and the page to link it, if no account is linked
   * @throws {@link OperatorActionError} or {@link TemporaryFailureError} if the token is not available
   */
  async getToken(
    caller: Caller | undefined,
    target: LinkedDownstream,
    demand?: Pick<TokenDemand, 'refused'>,
  ): Promise<ExchangedToken> {
    if (!caller || caller.appOnly) {
      const message = `No token for ${target.name}: ${caller ? "the caller's token has no user" : 'the caller is anonymous'}`;
      throw createDownstreamError('caller_without_user', message, {}, target);
    }
    const { issuer, subject } = caller;
    const owner: AccountOwner = { issuer, subject, downstream: target.name };
    const account = await this.#reportFailures(target, () => this.refresh.getUsable(owner, target, demand?.refused));
    if (account && hasScopesFor(account, target)) return toToken(account);
    throw this.#createNotLinkedError(caller, owner, target);
  }

  /** Whether a downstream has linked accounts. */
  hasAccountsAt(downstream: string): boolean {
    return this.options.downstreams.get(downstream)?.linked !== undefined;
  }

  /**
   * Forgets a user's account. Revokes its tokens if the API's authorization server supports that (RFC 7009).
   *
   * @param downstream - name of a downstream with linked accounts
   * @returns whether an account was linked
   * @throws {@link TemporaryFailureError} if the store failed, so that the account may still be linked
   */
  async unlink({ issuer, subject }: Pick<AccountOwner, 'issuer' | 'subject'>, downstream: string): Promise<boolean> {
    const target = this.options.downstreams.get(downstream);
    if (!target || !isLinked(target)) return false;
    const owner: AccountOwner = { issuer, subject, downstream };
    const account = await this.#reportFailures(target, () => this.refresh.drop(owner));
    if (!account) return false;
    this.audit.recordUnlink(owner);
    try {
      await this.servers.revoke(owner, target, account);
    } catch (error) {
      this.#logger.warn(
        `An account at ${downstream} is unlinked, but its tokens are still valid there: ${describeError(toTokenEndpointError(error))}`,
      );
    }
    return true;
  }

  #createNotLinkedError(caller: Caller, owner: AccountOwner, target: LinkedDownstream): DownstreamError {
    const { name, linked } = target;
    const { tid } = caller.claims;
    const user = { issuer: caller.issuer, tenant: typeof tid === 'string' ? tid : undefined };
    const identity = readIdentity(caller.claims, this.signIn.nameClaims(user).accessToken);
    const message = `No token for ${name}: the caller has not linked an account`;
    if (identity === undefined || !this.signIn.isKnown(user)) {
      const why = identity === undefined ? 'its token does not name its user' : '`client` is not registered there';
      return createDownstreamError(
        'exchange_misconfigured',
        `${message}, and cannot: ${why} (${caller.issuer})`,
        {},
        target,
      );
    }
    return new CallerActionError('caller_account_not_linked', message, {
      downstream: name,
      advice: `Your ${linked.title} account is not linked yet.`,
      remedy: {
        page: () =>
          this.#reportFailures(target, async () => {
            const id = await this.records.openRequest({ ...owner, ...user, identity });
            return `${this.options.endpoint.origin}${buildLinkPath(this.options.path)}/${id}`;
          }),
        message: `Link your ${linked.title} account, so that ${this.options.server.title ?? this.options.server.name} can use it for you.`,
      },
    });
  }

  /** These failures do not say whether the account is linked. */
  async #reportFailures<Result>(target: ResolvedDownstream, attempt: () => Promise<Result>): Promise<Result> {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof DownstreamError) throw error;
      throw new TemporaryFailureError('issuer_unavailable', `No token for ${target.name}: ${describeError(error)}`, {
        downstream: target.name,
        advice: `Your account at the ${target.name} API cannot be looked up right now. Try again later.`,
      });
    }
  }
}

/** If the downstream has new scopes, an account that was linked without them has to be linked again. */
function hasScopesFor({ scopes }: LinkedAccount, target: LinkedDownstream): boolean {
  return target.scopes.every((scope) => scopes.includes(scope));
}

function toToken({ accessToken, life, grantedScopes }: LinkedAccount): ExchangedToken {
  return {
    value: accessToken,
    type: 'bearer',
    expiresInMs: life?.msToReplacement,
    ...(grantedScopes && { grantedScopes }),
  };
}
