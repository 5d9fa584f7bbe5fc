import { Injectable, Logger } from '@nestjs/common';
import { OperatorActionError } from '../../errors/downstream-error.js';

/**
 * Milliseconds for which a fault counts after it was last seen. A server that is taken out of service for it gets no more
 * calls, and could never find out that it has been mended.
 */
const MEMORY = 5 * 60_000;

/** Remembers which downstreams the operator of this server has to do something about. */
@Injectable()
export class ExchangeHealth {
  readonly #logger = new Logger('TokenExchange');
  readonly #faults = new Map<string, { readonly code: string; readonly until: number }>();

  /** Code of what is wrong with a downstream; `undefined` if nothing is known to be. */
  faultOf(downstream: string): string | undefined {
    const fault = this.#faults.get(downstream);
    return fault && performance.now() < fault.until ? fault.code : undefined;
  }

  /** A token was got, so that whatever was wrong is not wrong any more. */
  succeeded(downstream: string): void {
    if (this.#faults.delete(downstream)) this.#logger.log(`Tokens for ${downstream} can be got again`);
  }

  /** What a caller lacks, and what passes, says nothing of the configuration. */
  failed(downstream: string, failure: unknown): void {
    if (!(failure instanceof OperatorActionError)) return;
    this.#faults.set(downstream, { code: failure.code, until: performance.now() + MEMORY });
  }
}
