import { Injectable } from '@nestjs/common';
import { CleanLogger } from '../../log/clean-logger.js';
import { OperatorActionError } from '../../errors/downstream-error.js';

/**
 * Milliseconds for which a fault counts after its last occurrence. A server that is out of service gets no calls, so it
 * could not find out that the fault is fixed.
 */
const MEMORY = 5 * 60_000;

/** Remembers which downstreams need the operator's attention. */
@Injectable()
export class ExchangeHealth {
  readonly #logger = new CleanLogger('TokenExchange');
  /** By downstream, and by the issuer that was asked. */
  readonly #faults = new Map<string, Map<string | undefined, { readonly code: string; readonly until: number }>>();

  /** Code of a downstream's fault; `undefined` if none is known. */
  findFault(downstream: string): string | undefined {
    const faults = [...(this.#faults.get(downstream)?.values() ?? [])];
    return faults.find(({ until }) => performance.now() < until)?.code;
  }

  /**
   * Records that a token was obtained. Earlier faults are over.
   *
   * @param issuer - the issuer that was asked; omitted if it is not the caller's
   */
  recordSuccess(downstream: string, issuer?: string): void {
    if (!this.#faults.get(downstream)?.delete(issuer)) return;
    this.#logger.log(`Tokens for ${downstream} are available again`);
  }

  /**
   * Records a failure. Failures of the caller and temporary failures are ignored: they are not faults of the
   * configuration.
   */
  recordFailure(downstream: string, failure: unknown, issuer?: string): void {
    if (!(failure instanceof OperatorActionError)) return;
    const faults = this.#faults.get(downstream) ?? new Map<string | undefined, { code: string; until: number }>();
    faults.set(issuer, { code: failure.code, until: performance.now() + MEMORY });
    this.#faults.set(downstream, faults);
  }
}
