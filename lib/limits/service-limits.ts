import QuickLRU from 'quick-lru';
import { CleanLogger } from '../log/clean-logger.js';
import type { ServiceName } from '../observability/metrics.js';
import { AdaptiveBulkhead, type AdaptiveLimits, type Errand, type Outcome } from './adaptive-bulkhead.js';

const logger = new CleanLogger('Outgoing');

/** Services that are remembered. The least recent go first. */
const MAX_SERVICES = 1_000;

/** Limits how many requests run at once at each of several services, and lowers that while one answers late or not. */
export class ServiceLimits {
  readonly #bulkheads = new QuickLRU<string, AdaptiveBulkhead>({ maxSize: MAX_SERVICES });

  constructor(private readonly limits: AdaptiveLimits) {}

  /**
   * Sends a request when there is room for it.
   *
   * @param isAnswer - whether the outcome shows that the service works
   * @throws BulkheadFullError if too many run and wait, or nothing is answered
   */
  async execute<Result>(
    name: ServiceName,
    errand: Errand,
    request: () => Promise<Result>,
    isAnswer: (outcome: Outcome<Result>) => boolean,
  ): Promise<Result> {
    const key = JSON.stringify([name.service, name.endpoint]);
    let bulkhead = this.#bulkheads.get(key);
    if (!bulkhead) {
      bulkhead = new AdaptiveBulkhead(name, this.limits, tellSilence(name));
      this.#bulkheads.set(key, bulkhead);
    }
    return await bulkhead.execute(errand, request, isAnswer);
  }
}

/** Tells the operator when a service answers nothing any more, and when it answers again. */
export function tellSilence({ service, endpoint }: ServiceName): (isSilent: boolean) => void {
  const who = endpoint === undefined ? service : `The ${endpoint} endpoint of ${service}`;
  return (isSilent) => {
    if (isSilent) logger.warn(`${who} answers nothing at the moment. Single requests try it`);
    else logger.log(`${who} answers again`);
  };
}
