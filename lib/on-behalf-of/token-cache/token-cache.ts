import { Injectable } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { selectServers, type ServerSelection } from '../../servers/application-servers.js';
import type { Revocation } from './revocation.js';
import { ServerTokenCache } from './server-token-cache.js';

/** The exchanged tokens that the servers of the application keep. Applications inject it to have them forgotten. */
@Injectable()
export class TokenCache {
  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Forgets the tokens of a user at an issuer, or those of one session, in all servers of the application. The next call
   * exchanges anew, which the authorization server may refuse. With a shared store it counts in all replicas, in others
   * after `tokenCache.localMaxAgeMs`.
   *
   * @param revocation - `issuer`, and `subject`, `sessionId`, or both: `iss`, `sub` and `sid` of the user's access tokens
   * @param selection - `server`: the name, or names, of the servers that are meant alone
   * @throws {@link RevocationError} if a shared store did not take it, so that it counts in this process alone
   * @throws {@link McpAuthConfigurationError} for a name that no server has
   */
  async revoke(revocation: Revocation, selection: ServerSelection = {}): Promise<void> {
    const caches = selectServers(this.modules, ServerTokenCache, selection, 'TokenCache.revoke');
    const results = await Promise.allSettled(caches.map((cache) => cache.revoke(revocation)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }
}
