import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { DownstreamError } from '../../errors/downstream-error.js';
import { selectServers, type ServerSelection } from '../../servers/application-servers.js';
import type { AccountOwner } from './link-records.js';
import { ServerLinkedAccounts } from './server-linked-accounts.js';

/**
 * Accounts that users have linked at APIs outside the reach of their issuer. Tools use them as any downstream;
 * applications inject this to take a link back: {@link unlink}.
 */
@Injectable()
export class LinkedAccounts {
  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Forgets a user's account in all servers of the application that have the downstream, and makes its tokens void at the
   * API's authorization server where that can (RFC 7009). The user is asked to link it again at the next call that needs
   * it.
   *
   * @param user - `iss` and `sub` of the user's access tokens
   * @param downstream - name of the downstream
   * @param selection - `server`: the name, or names, of the servers that are meant alone
   * @returns whether there was one
   * @throws {@link DownstreamError} with `downstream_not_declared` if there are no linked accounts at that downstream, and
   *   {@link TemporaryFailureError} if a store failed, so that the account may still be linked
   * @throws {@link McpAuthConfigurationError} for a name that no server has
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
