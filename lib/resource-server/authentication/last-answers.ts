import { IssuerUnusableError } from '../../errors/issuer-unusable-error.js';
import { CleanLogger } from '../../log/clean-logger.js';
import { countStaleAnswer } from '../../observability/metrics.js';
import { waitFor } from '../../time/time-limit.js';
import type { AccessToken, Caller } from '../access/caller.js';
import type { Issuer } from '../issuers/issuer.js';
import type { ResolvedIntrospection } from '../issuers/resolved-issuer.js';
import { InvalidTokenError } from './invalid-token-error.js';
import type { VerifiedTokens } from './verified-tokens.js';

/** Milliseconds for which a caller whose last answer may be used waits for a new one. */
const PATIENCE = 1_000;

/** Milliseconds until the issuer is asked of a token again, after it could not be. */
const PAUSE = 5_000;

const logger = new CleanLogger('Issuer');

/** How long answers are believed. */
type Belief = Pick<ResolvedIntrospection, 'cacheMs' | 'acceptStaleAnswersMs'>;

/** Keeps what issuers say of tokens, and uses it while they cannot be asked, if an option has it so. */
export class LastAnswers {
  constructor(private readonly verified: VerifiedTokens) {}

  /**
   * Asks of a token. While its issuer cannot be asked, the last answer counts for as long as `acceptStaleAnswersMs` says.
   *
   * @param obtain - asks the issuer
   * @throws what `obtain` throws
   */
  async ask(token: AccessToken, issuer: Issuer, belief: Belief, obtain: () => Promise<Caller>): Promise<Caller> {
    const asking = this.#askAnew(token, belief, obtain);
    if (!this.verified.findAnswer(token)) return await asking;
    const { identifier, template } = issuer.options;
    try {
      return await waitFor(asking, PATIENCE, () => new IssuerUnusableError(identifier, 'introspection takes too long'));
    } catch (error) {
      if (!(error instanceof IssuerUnusableError)) throw error;
      const last = this.verified.findAnswer(token);
      if (!last) throw error;
      this.verified.remember(last.caller, Math.min(PAUSE, last.msLeft));
      countStaleAnswer(template);
      logger.sum(
        'warn',
        `stale answers of ${template}`,
        `${identifier} cannot be asked of tokens, and its last answers are believed. A token that was revoked since is still accepted (\`introspection.acceptStaleAnswersMs\`): ${error.message}`,
      );
      return last.caller;
    }
  }

  async #askAnew(token: AccessToken, belief: Belief, obtain: () => Promise<Caller>): Promise<Caller> {
    const { cacheMs, acceptStaleAnswersMs } = belief;
    const { revision } = this.verified;
    try {
      const caller = await obtain();
      // No answer is kept beyond the token, not even within the tolerance for clocks (RFC 7662 section 4).
      this.verified.remember(caller, Math.min(cacheMs, caller.expiresAtMs - Date.now()), revision);
      if (acceptStaleAnswersMs > 0)
        this.verified.rememberAnswer(
          caller,
          Math.min(cacheMs + acceptStaleAnswersMs, caller.expiresAtMs - Date.now()),
          revision,
        );
      return caller;
    } catch (error) {
      if (error instanceof InvalidTokenError) this.verified.forget(token);
      throw error;
    }
  }
}
