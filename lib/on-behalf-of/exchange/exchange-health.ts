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
  /** By downstream, and by the issuer that was asked on behalf of its callers. */
  readonly #faults = new Map<string, Map<string | undefined, { readonly code: string; readonly until: number }>>();

  /** Code of what is wrong with a downstream; `undefined` if nothing is known to be. */
  findFault(downstream: string): string | undefined {
    const faults = [...(this.#faults.get(downstream)?.values() ?? [])];
    return faults.find(({ until }) => performance.now() < until)?.code;
  }

  /**
   * A token was got, so that whatever was wrong is not wrong any more.
   *
   * @param issuer - the one that was asked; none where it is not that of the caller
   */
  recordSuccess(downstream: string, issuer?: string): void {
    if (!this.#faults.get(downstream)?.delete(issuer)) return;
    this.#logger.log(`Tokens for ${downstream} can be got again`);
  }

  /** What a caller lacks, and what passes, says nothing of the configuration. */
  recordFailure(downstream: string, failure: unknown, issuer?: string): void {
    if (!(failure instanceof OperatorActionError)) return;
    const faults = this.#faults.get(downstream) ?? new Map<string | undefined, { code: string; until: number }>();
    faults.set(issuer, { code: failure.code, until: performance.now() + MEMORY });
    this.#faults.set(downstream, faults);
  }
}
