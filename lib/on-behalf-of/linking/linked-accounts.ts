import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { DownstreamError } from '../../errors/downstream-error.js';
import { selectServers, type ServerSelection } from '../../servers/application-servers.js';
import type { AccountOwner } from './link-records.js';
import { ServerLinkedAccounts } from './server-linked-accounts.js';

/**
 * Accounts that users have linked at APIs that their issuer does not reach. Tools use them like any downstream.
 * Applications inject this to {@link unlink} an account.
 */
@Injectable()
export class LinkedAccounts {
  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Forgets a user's account in all servers of the application that have the downstream. Revokes its tokens if the
   * API's authorization server supports that (RFC 7009). The next call that needs the account asks the user to link it
   * again.
   *
   * @param user - `iss` and `sub` of the user's access tokens
   * @param downstream - name of the downstream
   * @param selection - `server`: the name, or names, of the only servers to apply this to
   * @returns whether an account was linked
   * @throws {@link DownstreamError} with `downstream_not_declared` if that downstream has no linked accounts, and
   *   {@link TemporaryFailureError} if a store failed, so that the account may still be linked
   * @throws {@link McpAuthConfigurationError} for the name of an unknown server
   */
  async unlink(
    user: Pick<AccountOwner, 'issuer' | 'subject'>,
    downstream: string,
    selection: ServerSelection = {},
  ): Promise<boolean> {
    const servers = selectServers(this.modules, ServerLinkedAccounts, selection, 'LinkedAccounts.unlink').filter(
      (accounts) => accounts.hasAccountsAt(downstream),
    );
    if (servers.length === 0) {
      const message = `There are no linked accounts at "${downstream}"`;
      throw new DownstreamError('downstream_not_declared', message, { downstream });
    }
    const results = await Promise.allSettled(servers.map((accounts) => accounts.unlink(user, downstream)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    return results.some((result) => result.status === 'fulfilled' && result.value);
  }
}
