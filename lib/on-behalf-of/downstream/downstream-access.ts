import type { ExchangedToken } from '../dialects/dialect.js';
import type { TokenDemand } from '../exchange/token-demand.js';
import type { ResolvedDownstream } from '../options/resolved-downstream.js';

/** A caller's downstreams, and tokens to call them with on the caller's behalf. */
export interface DownstreamAccess {
  /** @throws {@link DownstreamError} with `downstream_not_declared` if there is none of that name */
  getDownstream(name: string): ResolvedDownstream;
  /**
   * @param demand - where the API refused the token of before
   * @returns the token, `undefined` for an API that takes none
   * @throws {@link CallerActionError}, {@link OperatorActionError} or {@link TemporaryFailureError} if there is none to be had
   */
  getToken(name: string, demand?: TokenDemand): Promise<ExchangedToken | undefined>;
}
