import type { Offer } from '../../resource-server/catalogue/primitive.js';
import { CallerActionError, OperatorActionError, type DownstreamError } from '../../errors/downstream-error.js';
import type { DownstreamAccess } from './downstream-access.js';
import { classifyExchangeFailure } from '../failures/failure-table.js';

/**
 * Exchanges for all of a tool's downstreams at once, before anything is answered. Missing access can still be requested
 * over HTTP then.
 *
 * @returns why tokens are missing; the most pressing failure comes first
 */
export async function exchangeEagerly(
  access: Pick<DownstreamAccess, 'getDownstream' | 'getToken'>,
  { downstreams, exchange }: Pick<Offer, 'downstreams' | 'exchange'>,
): Promise<readonly DownstreamError[]> {
  if (exchange === 'lazy' || downstreams.length === 0) return [];
  const results = await Promise.allSettled(downstreams.map((name) => access.getToken(name)));
  const failures = results.flatMap((result, index) => {
    if (result.status === 'fulfilled') return [];
    const target = access.getDownstream(downstreams[index] ?? '');
    return [classifyExchangeFailure(result.reason, target, target.dialect)];
  });
  return failures.sort((a, b) => rank(a) - rank(b));
}

/**
 * Order in which a client is challenged. A useless sign-in is not asked for, and a necessary one comes before consent.
 */
const RANKS = ['invalid_token', 'insufficient_claims', 'insufficient_user_authentication', 'insufficient_scope'];

function rank(failure: DownstreamError): number {
  if (failure instanceof OperatorActionError) return -2;
  if (!(failure instanceof CallerActionError)) return RANKS.length + 2;
  if (!failure.remedy) return -1;
  return 'page' in failure.remedy ? RANKS.length + 1 : RANKS.indexOf(failure.remedy.challenge);
}
