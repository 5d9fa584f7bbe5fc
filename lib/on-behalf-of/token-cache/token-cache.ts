import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { selectServers, type ServerSelection } from '../../servers/application-servers.js';
import type { Revocation } from '../../resource-server/access/revocation.js';
import { ServerTokenCache } from './server-token-cache.js';

/** The exchanged tokens of all servers of the application. Applications inject it to revoke them. */
@Injectable()
export class TokenCache {
  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Forgets the tokens of a user at an issuer, or those of one session, in all servers of the application. The next
   * call exchanges again, which the authorization server may refuse. Verified tokens are verified again. Open streams
   * and running tasks of these tokens end. With `replicas.bus` this applies to all replicas. With `replicas.store` alone
   * it applies to exchanged tokens in all replicas, after `tokenCache.localMaxAgeMs`.
   *
   * @param revocation - `issuer` and `subject`, `sessionId` or both: `iss`, `sub` and `sid` of the user's access tokens
   * @param selection - `server`: the name, or names, of the only servers to apply this to
   * @throws {@link RevocationError} if a shared store failed, so that only this process has forgotten them
   * @throws {@link McpAuthConfigurationError} for the name of an unknown server
   */
  async revoke(revocation: Revocation, selection: ServerSelection = {}): Promise<void> {
    const caches = selectServers(this.modules, ServerTokenCache, selection, 'TokenCache.revoke');
    const results = await Promise.allSettled(caches.map((cache) => cache.revoke(revocation)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
