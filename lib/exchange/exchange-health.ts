import { Injectable } from '@nestjs/common';
import { OperatorActionError } from '../downstream/downstream-error.js';

/** Remembers which downstreams the operator of this server has to do something about. */
@Injectable()
export class ExchangeHealth {
  readonly #faults = new Map<string, string>();

  /** Code of what is wrong with a downstream; `undefined` if nothing is known to be. */
  faultOf(downstream: string): string | undefined {
    return this.#faults.get(downstream);
  }

  /** A token was got, so that whatever was wrong is not wrong any more. */
  succeeded(downstream: string): void {
    this.#faults.delete(downstream);
  }

  /** What a caller lacks, and what passes, says nothing of the configuration. */
  failed(downstream: string, failure: unknown): void {
    if (failure instanceof OperatorActionError) this.#faults.set(downstream, failure.code);
  }
}
