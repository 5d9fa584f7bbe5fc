import type { ExchangedToken } from '../dialects/dialect.js';
import type { DownstreamError } from '../../errors/downstream-error.js';
import type { TokenDemand } from '../exchange/token-demand.js';
import type { DownstreamAnswer } from './downstream-answer.js';
import type { ResolvedDownstream } from '../options/resolved-downstream.js';

/** A caller's downstreams, and the tokens to call them with. */
export interface DownstreamAccess {
  /** @throws {@link DownstreamError} with `downstream_not_declared` for an unknown name */
  getDownstream(name: string): ResolvedDownstream;
  /**
   * @param demand - set if the API refused the previous token
   * @returns the token; `undefined` for an API without tokens
   * @throws {@link CallerActionError}, {@link OperatorActionError} or {@link TemporaryFailureError} if no token is
   *   available
   */
  getToken(name: string, demand?: TokenDemand): Promise<ExchangedToken | undefined>;
  /**
   * Records for health what an API said.
   *
   * @param failure - the answer as a failure; `undefined` if it is a success
   */
  recordAnswer(name: string, answer: DownstreamAnswer, failure: DownstreamError | undefined): void;
}
