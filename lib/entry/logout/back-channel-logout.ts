import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CleanLogger } from '../../log/clean-logger.js';
import { describeError } from '../../errors/reason.js';
import { AuditLog } from '../../observability/audit-log.js';
import { TokenCache } from '../../on-behalf-of/token-cache/token-cache.js';
import { LogoutTokenError } from './logout-token-error.js';
import { LogoutTokens } from './logout-token.js';

/**
 * Ends what an issuer reports as ended, at all servers of the application (OpenID Connect Back-Channel Logout 1.0
 * section 2.7).
 */
@Injectable()
export class BackChannelLogout {
  readonly #logger = new CleanLogger(BackChannelLogout.name);

  constructor(
    private readonly tokens: LogoutTokens,
    private readonly cache: TokenCache,
    private readonly audit: AuditLog,
  ) {}

  /** @returns the HTTP status: 200, 400 for an invalid token, 503 if the issuer should send it again */
  async receive(token: unknown): Promise<200 | 400 | 503> {
    try {
      const signOut = await this.tokens.verify(token);
      const { revocation } = signOut;
      await this.cache.revoke(revocation);
      this.tokens.remember(signOut);
      this.audit.record({ correlationId: randomUUID(), type: 'session_ended', ...revocation });
      return 200;
    } catch (error) {
      const line = `A logout token was not taken: ${describeError(error)}`;
      if (!(error instanceof LogoutTokenError)) {
        this.#logger.sum('error', 'failure', line);
        return 503;
      }
      // Unauthenticated requests must not fill the log.
      if (error.isSigned) this.#logger.sum('warn', 'signed', line, line);
      else this.#logger.debug(line);
      return 400;
    }
  }
}
