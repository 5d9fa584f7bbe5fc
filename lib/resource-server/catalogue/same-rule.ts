import { isDeepStrictEqual } from 'node:util';
import type { Offer } from './primitive.js';

/** Whether two offers ask the same of callers and may use the same APIs. */
export function isSameRule(one: Offer, other: Offer): boolean {
  return one === other || isDeepStrictEqual(toRule(one), toRule(other));
}

function toRule({ access, policies, downstreams, exchange }: Offer) {
  return { access, policies, downstreams, exchange };
}
